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
  OPENING.lastIndex = 0;
  for (let match = OPENING.exec(prompt); match !== null; match = OPENING.exec(prompt)) {
    const parsed = parseAt(prompt, match[1] ?? '', OPENING.lastIndex);
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

function parseAt(prompt: string, keyword: string, start: number): Parsed | undefined {
  if (keyword === 'tool') return parseTool(prompt, start);
  const close = closingBrackets(prompt, start);
  if (close === undefined) return undefined;
  const step = parseBody(keyword, prompt.slice(start, close.start).trim());
  return step === undefined ? undefined : { step, end: close.end };
}

/** The next `]]`; in a longer run of brackets the last two, so that `[[say a[0]]]` says `a[0]`. */
function closingBrackets(prompt: string, from: number): { start: number; end: number } | undefined {
  const found = prompt.indexOf(']]', from);
  if (found === -1) return undefined;
  let start = found;
  while (prompt[start + 2] === ']') start += 1;
  return { start, end: start + 2 };
}

function parseBody(keyword: string, body: string): Step | undefined {
  switch (keyword) {
    case 'say':
      return body === '' ? undefined : { type: 'say', text: body };
    case 'think':
      return body === '' ? undefined : { type: 'think', text: body };
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

function wholeNumbers(body: string, least: number, most: number): number[] | undefined {
  return numbersIn(body, least, most, WHOLE);
}

function numbersIn(body: string, least: number, most: number, shape: RegExp): number[] | undefined {
  const words = body === '' ? [] : body.split(/\s+/);
  if (words.length < least || words.length > most) return undefined;
  return words.every((word) => shape.test(word)) ? words.map(Number) : undefined;
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

/** The index after the brace that closes the object opened at `start`; brackets inside strings do not count. */
function endOfJsonObject(text: string, start: number): number | undefined {
  let depth = 0;
  let inString = false;
  for (let at = start; at < text.length; at += 1) {
    const char = text[at];
    if (inString) {
      if (char === '\\') at += 1;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth += 1;
    else if (char === '}' || char === ']') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
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
