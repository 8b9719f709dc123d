import { Bench, ofType } from '@hearth/conformance';
import type { RpcSocket, Target } from '@hearth/conformance';

/** What people do all day, in turn: talk, think, use tools, steer, interrupt, go away and come back. */
const PROMPTS = [
  '[[tokens 40 0]]',
  '[[think a moment]] [[say that is how it is]]',
  '[[tool Bash {"command":"echo one"}]] [[tool Bash {"command":"echo two"}]]',
  'tell me again',
  '[[status 529 1]] [[say after a retry]]',
];
/** After so many turns a person takes up another session, and deletes the one before. */
const TURNS_PER_SESSION = 40;
/** After so many turns a person's connection breaks. */
const TURNS_PER_CONNECTION = 7;

/** Several people at work on one server. */
export class Team {
  readonly #people: Person[];

  constructor(target: Target, people: number) {
    this.#people = Array.from({ length: people }, () => new Person(new Bench(target)));
  }

  async work(turnsEach: number): Promise<void> {
    await Promise.all(this.#people.map((person) => person.work(turnsEach)));
  }

  async leave(): Promise<void> {
    await Promise.all(this.#people.map((person) => person.leave()));
  }
}

class Person {
  readonly #bench: Bench;
  #turns = 0;
  #sessionId: string | null = null;
  #socket: RpcSocket | null = null;
  #lastSeq = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  async work(turns: number): Promise<void> {
    for (let turn = 0; turn < turns; turn += 1) await this.#turn();
  }

  async leave(): Promise<void> {
    this.#socket?.cut();
    if (this.#sessionId !== null) await this.#bench.http('DELETE', `/v1/sessions/${this.#sessionId}`);
  }

  async #turn(): Promise<void> {
    if (this.#turns % TURNS_PER_SESSION === 0) await this.#takeUpSession();
    if (this.#turns % TURNS_PER_CONNECTION === 0) await this.#reconnect();
    const [sessionId, socket] = [this.#sessionId, this.#socket];
    if (sessionId === null || socket === null) throw new Error('a person works without a session');
    const ends = (): number => ofType(socket.of(sessionId), 'message.completed').length;
    const before = ends();
    const prompt = PROMPTS[this.#turns % PROMPTS.length] ?? '';
    await socket.call('message.send', { sessionId, content: prompt, clientMessageId: `turn-${this.#turns}` });
    await socket.until('the answer', () => ends() > before);
    this.#lastSeq = socket.of(sessionId).at(-1)?.seq ?? this.#lastSeq;
    this.#turns += 1;
  }

  async #takeUpSession(): Promise<void> {
    await this.leave();
    const { status, body } = await this.#bench.http('POST', '/v1/sessions', { body: { agent: 'scripted' } });
    if (status !== 201) throw new Error(`no session: ${JSON.stringify(body)}`);
    this.#sessionId = (body as { id: string }).id;
    this.#lastSeq = 0;
    await this.#reconnect();
  }

  /** The connection breaks without a word, and the next goes on from the last number that was seen. */
  async #reconnect(): Promise<void> {
    this.#socket?.cut();
    this.#socket = await this.#bench.socket();
    await this.#socket.call('session.subscribe', { sessionId: this.#sessionId, after: this.#lastSeq });
  }
}
