/** A JSON object, as a tool's input. */
export type JsonObject = { [key: string]: JsonValue };
export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;

/**
 * One step of a script. `ms: 'forever'` waits until the reader goes away. `times` is how many attempts of the same
 * request meet the fault before it is answered.
 */
export type Step =
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'tokens'; readonly count: number; readonly intervalMs: number }
  | { readonly type: 'stamps'; readonly count: number; readonly intervalMs: number; readonly chars: number }
  | { readonly type: 'think'; readonly text: string }
  | { readonly type: 'tool'; readonly name: string; readonly input: JsonObject; readonly id?: string }
  | { readonly type: 'status'; readonly code: number; readonly times: number }
  | { readonly type: 'cut'; readonly afterDeltas: number; readonly times: number }
  | { readonly type: 'hang'; readonly ms: number | 'forever' }
  | { readonly type: 'stall'; readonly ms: number | 'forever' };

/** The directives of one prompt, in the order in which they stand in it. */
export type Script = readonly Step[];

const SPEAKING: ReadonlySet<Step['type']> = new Set(['say', 'tokens', 'stamps', 'tool']);

const OPENING = /\[\[(say|tokens|stamps|think|tool|status|cut|hang|stall)(?=[\s\]])/g;

/**
 * Reads the directives out of a prompt. Whatever is not a well-formed directive is text, and is ignored; an empty
 * script means that the prompt has none.
 */
export function parseDirectives(prompt: string): Script {
  const steps: Step[] = [];
  const closings = new Closings(prompt);
  OPENING.lastIndex = 0;
  for (let match = OPENING.exec(prompt); match !== null; match = OPENING.exec(prompt)) {
    const parsed = parseAt(prompt, match[1] ?? '', OPENING.lastIndex, closings);
    if (parsed === undefined) continue;
    steps.push(parsed.step);
    OPENING.lastIndex = parsed.end;
  }
  return steps;
}

/**
 * The script with which a prompt is answered: its directives, and `echo: ` and the prompt when they say nothing by
 * themselves (there are none, or only faults, pauses and thinking).
 */
export function scriptFor(prompt: string): Script {
  const steps = parseDirectives(prompt);
  const speaks = steps.some((step) => SPEAKING.has(step.type));
  return speaks ? steps : [...steps, { type: 'say', text: `echo: ${prompt}` }];
}

type Parsed = { readonly step: Step; readonly end: number };

function parseAt(prompt: string, keyword: string, start: number, closings: Closings): Parsed | undefined {
  if (keyword === 'tool') return parseTool(prompt, start);
  const close = closings.next(start);
  if (close === undefined) return undefined;
  const step = parseBody(keyword, prompt.slice(start, close));
  return step === undefined ? undefined : { step, end: close + 2 };
}

/** Where directives end in a prompt. It is asked from front to back, and looks at no part of the prompt twice. */
class Closings {
  readonly #prompt: string;
  /** Where the last search found one; undefined: there is none any more. */
  #found: { first: number; last: number } | undefined = { first: -1, last: -1 };

  constructor(prompt: string) {
    this.#prompt = prompt;
  }

  /** The next `]]`; in a longer run of brackets the last two, so that `[[say a[0]]]` says `a[0]`. */
  next(from: number): number | undefined {
    if (this.#found !== undefined && this.#found.first < from) this.#found = this.#search(from);
    return this.#found?.last;
  }

  #search(from: number): { first: number; last: number } | undefined {
    const first = this.#prompt.indexOf(']]', from);
    if (first === -1) return undefined;
    let last = first;
    while (this.#prompt[last + 2] === ']') last += 1;
    return { first, last };
  }
}

function parseBody(keyword: string, body: string): Step | undefined {
  switch (keyword) {
    case 'say':
    case 'think': {
      const text = body.trim();
      return text === '' ? undefined : { type: keyword, text };
    }
    case 'tokens': {
      const numbers = wholeNumbers(body, 1, 2);
      return numbers && { type: 'tokens', count: numbers[0] ?? 0, intervalMs: numbers[1] ?? 0 };
    }
    case 'stamps': {
      const numbers = numbersIn(body, 1, 3, FRACTION);
      return numbers && { type: 'stamps', count: numbers[0] ?? 0, intervalMs: numbers[1] ?? 0, chars: numbers[2] ?? 0 };
    }
    case 'status': {
      const numbers = wholeNumbers(body, 1, 2);
      if (numbers === undefined) return undefined;
      const code = numbers[0] ?? 0;
      return code < 400 || code > 599 ? undefined : { type: 'status', code, times: numbers[1] ?? 1 };
    }
    case 'cut': {
      const numbers = wholeNumbers(body, 1, 2);
      return numbers && { type: 'cut', afterDeltas: numbers[0] ?? 0, times: numbers[1] ?? 1 };
    }
    case 'hang': {
      const numbers = wholeNumbers(body, 0, 1);
      return numbers && { type: 'hang', ms: numbers[0] ?? 'forever' };
    }
    case 'stall': {
      const numbers = wholeNumbers(body, 0, 1);
      return numbers && { type: 'stall', ms: numbers[0] || 'forever' };
    }
    default:
      return undefined;
  }
}

const WHOLE = /^\d{1,9}$/;
const FRACTION = /^\d{1,9}(\.\d{1,3})?$/;
/** A word, or of a longer one so much that it is no number. */
const WORD = /\S{1,14}/g;

function wholeNumbers(body: string, least: number, most: number): number[] | undefined {
  return numbersIn(body, least, most, WHOLE);
}

/** Reads no further than to what is wrong: a body can be as long as the prompt, and the next one almost as long. */
function numbersIn(body: string, least: number, most: number, shape: RegExp): number[] | undefined {
  const numbers: number[] = [];
  for (const [word] of body.matchAll(WORD)) {
    if (numbers.length === most || !shape.test(word)) return undefined;
    numbers.push(Number(word));
  }
  return numbers.length < least ? undefined : numbers;
}

function parseTool(prompt: string, start: number): Parsed | undefined {
  const name = /^\s+([A-Za-z0-9_-]{1,128})\s*/.exec(prompt.slice(start, start + 200));
  if (name === null) return undefined;
  let at = start + name[0].length;
  let input: JsonObject = {};
  if (prompt[at] === '{') {
    const end = endOfJsonObject(prompt, at);
    const parsed = end === undefined ? undefined : parseObject(prompt.slice(at, end));
    if (end === undefined || parsed === undefined) return undefined;
    input = parsed;
    at = end;
  }
  const close = /^\s*\]\]/.exec(prompt.slice(at, at + 200));
  if (close === null) return undefined;
  return { step: { type: 'tool', name: name[1] ?? '', input }, end: at + close[0].length };
}

/** What JSON has outside its strings, beside brackets. */
const BETWEEN_STRINGS = new Set(':,+-.0123456789eEtrufalsn \t\r\n');

/**
 * The index after the brace that closes the object opened at `start`; brackets inside strings do not count. What is no JSON
 * ends the search, so that it does not go on through the directives that follow.
 */
function endOfJsonObject(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (!BETWEEN_STRINGS.has(char)) return undefined;
  }
  return undefined;
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined; // malformed JSON makes the directive plain text, which is what the caller does with undefined
  }
}

/** Narrows what `JSON.parse` gave to an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
