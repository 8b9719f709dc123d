import { ConnectionLostError, serverError } from './errors.ts';
import type { ErrorDetails } from './errors.ts';
import type { CallOptions } from './transport.ts';

interface Problem extends ErrorDetails {
  detail?: unknown;
}

/** Reads what only HTTP offers. */
export class HttpReader {
  readonly #base: URL;
  readonly #token: () => string | undefined;

  constructor(base: URL, token: () => string | undefined) {
    this.#base = base;
    this.#token = token;
  }

  /** @throws HearthError for the server's problem documents, ConnectionLostError when it cannot be reached */
  async read(path: string, { signal }: CallOptions): Promise<string> {
    const token = this.#token();
    let response: Response;
    let text: string;
    try {
      response = await fetch(new URL(path, this.#base), {
        credentials: 'same-origin',
        ...(token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } }),
        ...(signal === undefined ? {} : { signal }),
      });
      text = await response.text();
    } catch (error) {
      signal?.throwIfAborted();
      throw new ConnectionLostError('The server could not be reached.', 'Look whether the server runs.', error);
    }
    if (response.ok) return text;
    const problem = parseProblem(text);
    const detail = typeof problem.detail === 'string' ? problem.detail : `The server answered ${response.status}.`;
    throw serverError(detail, problem);
  }
}

/** What is not a problem document came from something between the client and the server. */
function parseProblem(text: string): Problem {
  try {
    const problem: unknown = JSON.parse(text);
    return typeof problem === 'object' && problem !== null ? { ...problem } : {};
  } catch {
    return {};
  }
}
