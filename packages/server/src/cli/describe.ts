import type { Approval, Event, EventOf, TurnError, Usage } from '@hearth/protocol';
import { oneLine, plain } from './plain.ts';
import type { Paint } from './terminal.ts';

const RESULT_LINES_SHOWN = 1;

/** A tool call in two parts: its name and what it is about. */
export function describeTool({ name, title, input }: Pick<EventOf<'tool.called'>, 'name' | 'title' | 'input'>): {
  name: string;
  title: string;
} {
  const about = title === undefined || title === name ? compact(input) : title;
  return { name: oneLine(name, 60), title: about };
}

/** What an approval asks for, on one line: `Bash: rm -rf build`. */
export function describeApproval({ toolName, title, input }: Approval): string {
  const about = describeTool({ name: toolName, title, input });
  return oneLine(about.title === '' ? about.name : `${about.name}: ${about.title}`, 400);
}

/** The beginning of a tool's output, and how much there is beside it. */
export function outputExcerpt(output: unknown, maxLength: number): string {
  const lines = plain(textOf(output))
    .split('\n')
    .filter((line) => line.trim() !== '');
  const [first = 'done'] = lines;
  const rest = lines.length - RESULT_LINES_SHOWN;
  const more = rest > 0 ? ` (+${rest} ${rest === 1 ? 'line' : 'lines'})` : '';
  return `${oneLine(first, Math.max(8, maxLength - more.length))}${more}`;
}

/** Events that are worth a line beside the answer; null for the others. */
export function summaryLine(event: Event): { text: string; paint: Paint } | null {
  switch (event.type) {
    case 'retry.scheduled': {
      const { attempt, maxAttempts, delayMs, error } = event;
      const status = error.status === undefined ? '' : `, status ${error.status}`;
      const text = `… retry ${attempt} of ${maxAttempts} in ${seconds(delayMs)} (${error.code}${status})`;
      return { text, paint: 'yellow' };
    }
    case 'notice':
      return { text: oneLine(event.text, 1_000), paint: event.level === 'info' ? 'dim' : 'yellow' };
    case 'plan.updated': {
      const done = event.entries.filter(({ status }) => status === 'completed').length;
      const current = event.entries.find(({ status }) => status === 'in_progress');
      const now = current === undefined ? '' : `: ${oneLine(current.content, 200)}`;
      return { text: `☑ ${done} of ${event.entries.length} done${now}`, paint: 'dim' };
    }
    case 'context.compacted':
      return { text: `… the conversation was summarised (${event.preTokens} tokens before)`, paint: 'dim' };
    case 'account.selected':
      return { text: `… account ${oneLine(event.label, 80)} (${event.reason})`, paint: 'dim' };
    case 'approval.resolved': {
      const by = event.by === undefined ? '' : ` by ${oneLine(event.by, 80)}`;
      return { text: `  ${event.decision}${event.scope === 'session' ? ' for the session' : ''}${by}`, paint: 'dim' };
    }
    case 'turn.completed':
      return { text: `${seconds(event.durationMs)} · ${spent(event.usage, event.costUsd)}`, paint: 'dim' };
    case 'turn.interrupted':
      return { text: `interrupted (${INTERRUPTED[event.by]})`, paint: 'yellow' };
    case 'turn.failed':
      return { text: errorText(event.error), paint: 'red' };
    case 'message.cancelled':
      return {
        text: `a message was cancelled${event.reason === undefined ? '' : ` (${event.reason})`}`,
        paint: 'yellow',
      };
    case 'session.closed':
      return { text: `the session was closed (${event.reason})`, paint: 'yellow' };
    default:
      return null;
  }
}

const INTERRUPTED = {
  user: 'as was asked for',
  message: 'by another message',
  shutdown: 'the server stops',
  crash: 'the server or the agent had gone',
} as const;

export function errorText({ code, message, hint }: TurnError): string {
  return `failed: ${oneLine(message, 1_000)} (${code})${hint === undefined ? '' : `\n  → ${oneLine(hint, 1_000)}`}`;
}

function spent(usage: Usage, costUsd: number): string {
  const cached = usage.cacheReadTokens + usage.cacheCreationTokens;
  const tokens = `${usage.inputTokens + cached} tokens in, ${usage.outputTokens} out`;
  return costUsd === 0 ? tokens : `${tokens} · ${money(costUsd)}`;
}

/** `$0.0042`, `$1.20`. */
export function money(usd: number): string {
  return `$${usd.toFixed(usd !== 0 && usd < 0.1 ? 4 : 2)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
}

/** An input on one line: its only text, or JSON. */
function compact(input: unknown): string {
  if (typeof input === 'string') return input;
  if (typeof input !== 'object' || input === null) return '';
  const values: unknown[] = Object.values(input);
  const [only] = values;
  return values.length === 1 && typeof only === 'string' ? only : JSON.stringify(input);
}

/** Tools answer with a text, with a list of parts, or with anything. */
function textOf(output: unknown): string {
  if (typeof output === 'string') return output;
  if (Array.isArray(output)) return output.map(textOf).join('\n');
  if (typeof output === 'object' && output !== null) {
    if ('text' in output && typeof output.text === 'string') return output.text;
    if ('type' in output && output.type === 'image') return '[image]';
  }
  return output === undefined || output === null ? '' : (JSON.stringify(output) ?? '');
}
