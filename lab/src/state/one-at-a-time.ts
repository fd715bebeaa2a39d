/** Keeps questions from piling up: while one is on its way, all that are asked for become one more, asked once it is back. */

/**
 * @param ask sends the newest question; when it is done, the next may go
 * @returns asks for a question to be sent
 * @example
 * const want = oneAtATime(async () => show(await api.perceive(pixels())));
 * canvas.onpointermove = want; // however often: at most one question in flight, and the last move is always asked about
 */
export function oneAtATime(ask: () => Promise<void>): () => void {
  let asking = false;
  let again = false;
  const send = async (): Promise<void> => {
    asking = true;
    try {
      do {
        again = false;
        await ask();
      } while (again);
    } finally {
      asking = false;
    }
  };
  return () => {
    if (asking) again = true;
    else void send();
  };
}
