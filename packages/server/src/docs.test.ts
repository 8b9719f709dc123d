import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ERROR_CODES,
  eventSchema,
  HTTP_STATUS,
  messageSchema,
  openApiDocument,
  OPERATIONS,
  RPC_CODE,
  sessionSchema,
} from '@hearth/protocol';
import type { Operation } from '@hearth/protocol';
import type { Command } from 'commander';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createProgram } from './cli/program.ts';
import { environmentName } from './config/option.ts';
import { OPTION_TREE } from './config/options.ts';
import { Metrics } from './telemetry/metrics.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Names in the environment that are no settings of the server. */
const OTHER_VARIABLES = ['HEARTH_CONFIG', 'HEARTH_PASSPHRASE', 'HEARTH_TEST_POSTGRES_URL', 'HEARTH_URL'];

/** Calls that are neither operations nor in the OpenAPI document. */
const OTHER_CALLS = [
  'GET /healthz',
  'GET /login?code=',
  'GET /metrics',
  'GET /readyz',
  'GET /v1/openapi.json',
  'GET /v1/ws',
  'POST /v1/logout',
];

const SOCKET_METHODS = [
  'auth',
  'ping',
  'session.subscribe',
  'session.unsubscribe',
  'sessions.watch',
  'sessions.unwatch',
  'accounts.watch',
  'accounts.unwatch',
];

interface Page {
  /** From the repository's root. */
  path: string;
  text: string;
}

function pagesIn(folder: string): Page[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => join(folder, entry.name))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

const packages = readdirSync(join(ROOT, 'packages')).map((name) => join('packages', name));
const pages = ['.', 'docs', 'design', ...packages].flatMap(pagesIn);
const protocol = pages.find(({ path }) => path === 'PROTOCOL.md')?.text ?? '';

/** What stands between two headings of PROTOCOL.md. */
function section(heading: string, next: string): string {
  const from = protocol.indexOf(`\n${heading}`);
  const to = protocol.indexOf(`\n${next}`, from + 1);
  if (from === -1 || to === -1) throw new Error(`PROTOCOL.md has no “${heading}” before “${next}”.`);
  return protocol.slice(from, to);
}

/** The cells of a section's table rows, without their heads. */
function rows(text: string): string[][] {
  return [...text.matchAll(/^\|(.*)\|$/gm)]
    .map(([, line = '']) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter(([first = '']) => first.startsWith('`'));
}

const FENCED = /^```\w*\n([\s\S]*?)^```/gm;

/** What stands between backticks. */
function spans(text: string): string[] {
  return [...text.replaceAll(FENCED, '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
}

/** The lines of code in a page: fenced ones, and inline spans. */
function codeOf({ text }: Page): string[] {
  const fenced = [...text.matchAll(FENCED)].flatMap(([, code = '']) => code.split('\n'));
  return [...fenced, ...spans(text)];
}

describe('links', () => {
  const links = pages.flatMap(({ path, text }) =>
    [...text.replaceAll(FENCED, '').matchAll(/\]\(([^)\s]+)\)|<img src="([^"]+)"/g)].map(([, link, image]) => ({
      path,
      target: link ?? image ?? '',
    })),
  );
  const own = links.filter(({ target }) => !/^[a-z]+:/.test(target));

  test('lead to files that exist', () => {
    expect(own.length).toBeGreaterThan(30);
    const dead = own.filter(({ path, target }) => !existsSync(targetFile(path, target)));
    expect(dead).toEqual([]);
  });

  test('lead to headings that exist', () => {
    const dead = own.filter(({ path, target }) => {
      const [, anchor] = target.split('#');
      return anchor !== undefined && !anchors(readFileSync(targetFile(path, target), 'utf8')).includes(anchor);
    });
    expect(dead).toEqual([]);
  });
});

function targetFile(path: string, target: string): string {
  const [file = ''] = target.split('#');
  return file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file);
}

/** As GitHub names them. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('settings and commands', () => {
  let program: Command;
  beforeAll(async () => {
    const names = (await createProgram([])).commands.map((command) => command.name());
    program = await createProgram(names);
  });

  test('every variable that a page names exists', () => {
    const known = [...Object.keys(OPTION_TREE).map(environmentName), ...OTHER_VARIABLES];
    const unknown = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\bHEARTH_[A-Z_]+\b/g)].flatMap(([name]) => (known.includes(name) ? [] : [`${path}: ${name}`])),
    );
    expect(unknown).toEqual([]);
  });

  test('every command and flag that a page shows exists', () => {
    const shown = pages.flatMap((page) => codeOf(page).flatMap((line) => shownCommands(page.path, line)));
    expect(shown.length).toBeGreaterThan(30);
    expect(shown.flatMap((one) => faultOf(program, one))).toEqual([]);
  });

  test('a command or flag that does not exist would be found', () => {
    const made = ['hearth frobnicate', 'hearth run --frobnicate x', 'hearth sessions frobnicate'];
    const faults = made.flatMap((line) => shownCommands('x.md', line)).flatMap((one) => faultOf(program, one));
    expect(faults).toEqual([
      'x.md: there is no hearth frobnicate',
      'x.md: hearth run has no --frobnicate',
      'x.md: there is no hearth sessions frobnicate',
    ]);
  });

  test('PROTOCOL.md has every command', () => {
    const told = new Set(
      spans(section('## 6. Command line', '## 7. ')).map((code) => /^hearth ([\w-]+)/.exec(code)?.[1]),
    );
    expect(program.commands.map((command) => command.name()).filter((name) => !told.has(name))).toEqual([]);
  });
});

interface Shown {
  path: string;
  words: string[];
  flags: string[];
}

/** `hearth WORD …` as it stands at the beginning of a command, with the flags up to the command's end. */
function shownCommands(path: string, line: string): Shown[] {
  return [...line.matchAll(/(?:^|[\s|(])(?:\.\/bin\/)?hearth ((?:[a-z]+(?:-[a-z]+)* ?){1,2})([^|#`]*)/g)].flatMap(
    ([, words = '', rest = '']) =>
      /^(is|and|keeps)\b/.test(words)
        ? []
        : [{ path, words: words.trim().split(' '), flags: rest.match(/(?<=^|[\s[])--[a-z-]+/g) ?? [] }],
  );
}

function faultOf(program: Command, { path, words, flags }: Shown): string[] {
  const [name = '', second] = words;
  if (name === 'help') return [];
  let command = program.commands.find((one) => one.name() === name);
  if (command === undefined) return [`${path}: there is no hearth ${name}`];
  let title = `hearth ${name}`;
  if (command.commands.length > 0 && second !== undefined) {
    title += ` ${second}`;
    command = command.commands.find((one) => one.name() === second);
    if (command === undefined) return [`${path}: there is no ${title}`];
  }
  const known = ['--help', ...command.options.map((option) => option.long)];
  return flags.filter((flag) => !known.includes(flag)).map((flag) => `${path}: ${title} has no ${flag}`);
}

describe('PROTOCOL.md', () => {
  test('tells of every event with its fields, and of no other', () => {
    const told = rows(section('## 2. Events', '### Phases')).flatMap(([names = '', fields = '']) =>
      spans(names).map((type) => [type, fields] as const),
    );
    const types = eventSchema.options.map((option) => option.shape.type.value);
    expect(told.map(([type]) => type).toSorted()).toEqual(types.toSorted());
    const missing = eventSchema.options.flatMap((option) => {
      const fields = spans(told.find(([type]) => type === option.shape.type.value)?.[1] ?? '').join(' ');
      return Object.keys(option.shape)
        .filter((name) => !['sessionId', 'seq', 'time', 'turnId', 'type'].includes(name))
        .filter((name) => !new RegExp(`\\b${name}\\b`).test(fields))
        .map((name) => `${option.shape.type.value}: ${name}`);
    });
    expect(missing).toEqual([]);
  });

  test('tells of every call, and of no other', () => {
    const paths = openApiDocument('0')['paths'] as Record<string, Record<string, unknown>>;
    const calls = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const told = spans(section('## 4. HTTP', '### A session') + section('## 5. WebSocket', '## 6. '))
      .filter((code) => /^(GET|POST|PATCH|DELETE) \//.test(code))
      .map((code) => (OTHER_CALLS.includes(code) ? code : code.replace(/\?.*/, '')));
    expect([...new Set(told)].toSorted()).toEqual([...calls, ...OTHER_CALLS].toSorted());
  });

  test.each(Object.values(OPERATIONS) as Operation[])('tells of every field of $name', (operation) => {
    const call = `${operation.method} ${operation.path}`;
    const row = rows(section('## 4. HTTP', '### A session')).find(([first = '']) =>
      spans(first).some((code) => code.replace(/\?.*/, '') === call),
    );
    const [path = '', body = ''] = spans(row?.[0] ?? '');
    const query = [...path.matchAll(/[?&](\w+)=/g)].map(([, name]) => name);
    expect(query).toEqual(Object.keys(operation.query?.shape ?? {}));
    expect(namesIn(body)).toEqual(namesOfBody(operation.body));
  });

  test('tells of every field of a session and of a message', () => {
    const [session = ''] = spans(section('### A session', '### Approvals'));
    expect(namesIn(session)).toEqual(namesOf(sessionSchema.shape));
    const sent = rows(section('## 4. HTTP', '### A session')).find(([call = '']) => call.includes('clientMessageId'));
    const [, message = ''] = /the message `([^`]+)`/.exec(sent?.[1] ?? '') ?? [];
    expect(namesIn(message).toSorted()).toEqual(namesOf(messageSchema.shape).toSorted());
  });

  test('tells of every method of the WebSocket, and of no other', () => {
    const told = rows(section('## 5. WebSocket', '### Errors')).flatMap(([names = '']) => spans(names));
    expect(told.toSorted()).toEqual([...Object.keys(OPERATIONS), ...SOCKET_METHODS].toSorted());
  });

  test('tells of every error code with its numbers, and of no other', () => {
    const told = rows(section('### Errors', '## 6. ')).map(([code = '', status, number = '']) => [
      spans(code)[0],
      Number(status),
      Number(number.replace('−', '-')),
    ]);
    expect(told).toEqual(ERROR_CODES.map((code) => [code, HTTP_STATUS[code], RPC_CODE[code]]));
  });
});

/** The fields of `{one, other?}`. */
function namesIn(code: string): string[] {
  return code.match(/\w+\??/g) ?? [];
}

/** The fields of a schema as the protocol writes them: with a question mark when they may be absent. */
function namesOf(shape: Readonly<Record<string, z.ZodType>>): string[] {
  return Object.entries(shape).map(([name, field]) => (field.safeParse(undefined).success ? `${name}?` : name));
}

/** Of a body that is one of several, a field is required that all of them require. */
function namesOfBody(body: z.ZodType | undefined): string[] {
  if (body === undefined) return [];
  const shapes = body instanceof z.ZodDiscriminatedUnion ? body.options : [body];
  const each = shapes.map((shape) => namesOf((shape as z.ZodObject).shape));
  const names = new Set(each.flat().map((name) => name.replace('?', '')));
  return [...names].map((name) => (each.every((required) => required.includes(name)) ? name : `${name}?`));
}

test('docs/operations.md has every metric, and no other', async () => {
  const text = pages.find(({ path }) => path === join('docs', 'operations.md'))?.text ?? '';
  const told = spans(text).filter((code) => code.startsWith('hearth_'));
  const { body } = await new Metrics().render();
  const known = [...body.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name);
  expect(told.toSorted()).toEqual(known.toSorted());
});

test('docs/ and design/ list all their pages', () => {
  const unlisted = ['docs', 'design'].flatMap((folder) => {
    const index = readFileSync(join(ROOT, folder, 'README.md'), 'utf8');
    return pagesIn(folder)
      .map(({ path }) => relative(folder, path))
      .filter((name) => name !== 'README.md' && !index.includes(`](${name})`));
  });
  expect(unlisted).toEqual([]);
});
