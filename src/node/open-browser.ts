/** Opens an address in the browser of this machine, by what its system has for that. */
import { spawn } from "node:child_process";

const OPENERS: Partial<Record<NodeJS.Platform, readonly string[]>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};

/** What opens a browser is done by then, or has become one. */
const PATIENCE = 1500;

/** False where there is nothing to open it with. */
export function openInBrowser(url: string): Promise<boolean> {
  const [command, ...before] = OPENERS[process.platform] ?? ["xdg-open"];
  return new Promise((resolve) => {
    const child = spawn(command!, [...before, url], { stdio: "ignore", detached: true });
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
    child.once("spawn", () => child.unref());
    setTimeout(() => resolve(true), PATIENCE).unref();
  });
}
