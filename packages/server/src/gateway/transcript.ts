import { contentParts } from '@hearth/protocol';
import type { Content, Event, Transcript } from '@hearth/protocol';

/** A conversation as Markdown, for people. */
export function transcriptMarkdown({ session, items }: Transcript): string {
  const messages = new Map<string, { author: string; content: Content }>();
  const parts = [
    `# ${oneLine(session.title ?? 'Session')}`,
    [
      `- Session: \`${session.id}\``,
      `- Agent: ${session.agent}${session.model === null ? '' : ` (${session.model})`}`,
      `- Directory: \`${session.cwd}\``,
      `- Created: ${session.createdAt}`,
    ].join('\n'),
  ];
  let speaker = '';
  const say = (who: string, text: string) => {
    if (who !== speaker) parts.push(`## ${oneLine(who)}`);
    speaker = who;
    parts.push(text);
  };
  for (const event of items) {
    switch (event.type) {
      case 'message.queued':
        messages.set(event.messageId, { author: event.author, content: event.content });
        break;
      case 'message.updated': {
        const message = messages.get(event.messageId);
        if (message !== undefined && event.content !== undefined) message.content = event.content;
        break;
      }
      case 'message.delivered': {
        const message = messages.get(event.messageId);
        if (message === undefined) break;
        speaker = '';
        say(message.author, contentMarkdown(message.content));
        break;
      }
      default: {
        const text = agentMarkdown(event);
        if (text !== null) say(session.agent, text);
      }
    }
  }
  return `${parts.join('\n\n')}\n`;
}

/** What the agent did, or null for an event that a reader does not need. */
function agentMarkdown(event: Event): string | null {
  switch (event.type) {
    case 'block.completed':
      if (event.reason === 'retry' || event.text.trim() === '') return null;
      return event.kind === 'thinking' ? quoted(`*Thinking.* ${event.text}`) : event.text;
    case 'tool.called':
      return `**Tool: ${oneLine(event.title ?? event.name)}**\n\n${fenced(pretty(event.input), 'json')}`;
    case 'tool.completed':
      return `${event.isError ? '**Error**' : '**Result**'}\n\n${fenced(pretty(event.output))}`;
    case 'approval.resolved':
      return `*Approval: ${event.decision}${event.message === undefined ? '' : ` (${oneLine(event.message)})`}*`;
    case 'turn.interrupted':
      return `*Interrupted by ${event.by}.*`;
    case 'turn.failed':
      return `*Failed: ${oneLine(event.error.message)} (${event.error.code})*`;
    case 'notice':
      return `*${oneLine(event.text)}*`;
    default:
      return null;
  }
}

function contentMarkdown(content: Content): string {
  return contentParts(content)
    .map((part) => (part.type === 'text' ? part.text : `*[image, ${part.mediaType}]*`))
    .join('\n\n');
}

function pretty(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '');
}

/** A code block whose fence is longer than any run of backticks inside it. */
function fenced(text: string, language = ''): string {
  let longest = 2;
  for (const [run] of text.matchAll(/`+/g)) longest = Math.max(longest, run.length);
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text}\n${fence}`;
}

function quoted(text: string): string {
  return text.replaceAll(/^/gm, '> ');
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
