import type { ToolKind } from '@hearth/protocol';

const TITLE_LENGTH = 200;

interface Presentation {
  kind: ToolKind;
  /** Names of the input's fields; the first that has a text is the title. */
  title: string[];
}

/** How Claude Code's own tools are shown. */
const TOOLS: Readonly<Record<string, Presentation>> = {
  Bash: { kind: 'execute', title: ['command'] },
  PowerShell: { kind: 'execute', title: ['command'] },
  Monitor: { kind: 'execute', title: ['description', 'command'] },
  Read: { kind: 'read', title: ['file_path'] },
  NotebookRead: { kind: 'read', title: ['notebook_path'] },
  ReadMcpResourceTool: { kind: 'read', title: ['uri'] },
  Edit: { kind: 'edit', title: ['file_path'] },
  MultiEdit: { kind: 'edit', title: ['file_path'] },
  Write: { kind: 'edit', title: ['file_path'] },
  NotebookEdit: { kind: 'edit', title: ['notebook_path'] },
  Glob: { kind: 'search', title: ['pattern'] },
  Grep: { kind: 'search', title: ['pattern'] },
  LSP: { kind: 'search', title: ['query', 'operation'] },
  ToolSearch: { kind: 'search', title: ['query'] },
  WebSearch: { kind: 'fetch', title: ['query'] },
  WebFetch: { kind: 'fetch', title: ['url'] },
  Agent: { kind: 'think', title: ['description'] },
  Task: { kind: 'think', title: ['description'] },
  TodoWrite: { kind: 'think', title: [] },
  TaskCreate: { kind: 'think', title: ['subject'] },
  TaskUpdate: { kind: 'think', title: ['subject', 'status'] },
  EnterPlanMode: { kind: 'think', title: [] },
  ExitPlanMode: { kind: 'think', title: [] },
  AskUserQuestion: { kind: 'other', title: [] },
  Skill: { kind: 'other', title: ['skill'] },
};

/** A title (one line, at most 200 characters) and a kind for a tool call; MCP tools are shown as `server: tool`. */
export function presentTool(name: string, input: unknown): { title: string; kind: ToolKind } {
  const presentation = TOOLS[name];
  if (presentation === undefined) return { title: clip(mcpTitle(name) ?? name), kind: 'other' };
  const fields = typeof input === 'object' && input !== null ? (input as Record<string, unknown>) : {};
  const text = presentation.title.map((field) => fields[field]).find(isText);
  return { title: clip(text ?? name), kind: presentation.kind };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function mcpTitle(name: string): string | undefined {
  const match = /^mcp__(.+?)__(.+)$/.exec(name);
  return match === null ? undefined : `${match[1]}: ${match[2]}`;
}

function clip(text: string): string {
  const line = text.trim().replace(/\s*\n\s*/g, ' ⏎ ');
  if (line.length <= TITLE_LENGTH) return line;
  // The cut may leave half of a surrogate pair.
  return `${line.slice(0, TITLE_LENGTH - 1).replace(/\p{Surrogate}$/u, '')}…`;
}
