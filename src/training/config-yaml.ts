/**
 * YAML text to plain data, safe on hostile text.
 *
 * The parser is recursive and slow on some nestings (a few kB of "? ? ? ..." take it minutes, deep brackets can abort the
 * process), so its linear-time lexer looks at the text first and anything no configuration needs is refused.
 */
import { Lexer, parseDocument } from "yaml";

/** Why text is not usable as YAML, and where: line and column count from 1; both absent when not known. */
export class YamlFault extends Error {
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(reason: string, at?: { line: number; col: number }) {
    super(reason);
    this.line = at?.line;
    this.column = at?.col;
  }
}

/** Far beyond any experiment, far below what hurts the parser. */
const limits = { tokens: 20_000, brackets: 16, inARow: 8, indent: 100, references: 100 } as const;

/**
 * @returns plain data; aliases are expanded, at most 100 of them
 * @throws YamlFault
 */
export function readYaml(text: string): unknown {
  refuseHostile(text);
  const document = parseDocument(text, { prettyErrors: true });
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem?.code === "MULTIPLE_DOCS") throw new YamlFault("expected one document, got a second after ---");
  if (problem !== undefined) throw new YamlFault(firstSentence(problem.message), problem.linePos?.[0]);
  try {
    return document.toJS({ maxAliasCount: limits.references });
  } catch {
    throw new YamlFault("its aliases (*name) form a cycle or expand to too much; write the values out");
  }
}

/** The parser's message without its position and the quoted source; it may quote the text, so it is cut. */
const firstSentence = (message: string) => message.replace(/ at line \d+, column \d+:\n[\s\S]*$/, "").slice(0, 200);

function refuseHostile(text: string): void {
  let line = 1;
  let lineStart = 0;
  let offset = 0;
  let tokens = 0;
  let brackets = 0;
  let inARow = 0;
  let references = 0;
  let afterNewline = true;
  let scalarNext = false;
  const refuse = (reason: string) => new YamlFault(reason, { line, col: offset - lineStart + 1 });
  for (const token of new Lexer().lex(text)) {
    if (++tokens > limits.tokens) throw refuse("too long for a configuration");
    const first = scalarNext ? "" : (token[0] ?? "");
    scalarNext = token === scalarMark;
    if (first === "\n" || first === "\r") afterNewline = true;
    else {
      if (first === " " && afterNewline && token.length > limits.indent)
        throw refuse(`indented by more than ${limits.indent}`);
      afterNewline = false;
    }
    if ("\n\r,[]{}".includes(first)) inARow = 0;
    if (first === "?") throw refuse("keys written with '? ' are not used here; write key: value");
    if ((first === "-" || first === ":") && ++inARow > limits.inARow) throw refuse("nested too deeply");
    if (first === "[" || first === "{") brackets++;
    if (brackets > limits.brackets) throw refuse("nested too deeply");
    if (first === "]" || first === "}") brackets = Math.max(0, brackets - 1);
    if ((first === "&" || first === "*" || first === "!") && ++references > limits.references)
      throw refuse("too many anchors, aliases or tags");
    if (marks.has(token)) continue;
    for (let at = token.indexOf("\n"); at >= 0; at = token.indexOf("\n", at + 1)) {
      line++;
      lineStart = offset + at + 1;
    }
    offset += token.length;
  }
}

/** The lexer's own marks, which stand for no text: scalar follows, document starts, flow ends early. */
const scalarMark = "\u001f";
const marks: ReadonlySet<string> = new Set([scalarMark, "\u0002", "\u0018"]);
