import type { Seeded } from './seeded.ts';

export type AgentName = 'scripted' | 'claude';

/** A prompt with a mark by which it is found again, and with directives for the scripted model. */
export function promptWith(random: Seeded, mark: string, agent: AgentName): string {
  const form = random.weighted({
    echo: 3,
    say: 4,
    tokens: 5,
    burst: 2,
    think: 2,
    look: 2,
    command: 3,
    write: 4,
    writeTwo: 2,
    busy: 2,
    torn: 2,
    hang: 2,
    refused: agent === 'claude' ? 0 : 1,
  });
  return `${mark} ${directives(random, form, mark.slice(1, -1))}`.trim();
}

type Form =
  | 'echo'
  | 'say'
  | 'tokens'
  | 'burst'
  | 'think'
  | 'look'
  | 'command'
  | 'write'
  | 'writeTwo'
  | 'busy'
  | 'torn'
  | 'hang'
  | 'refused';

function directives(random: Seeded, form: Form, name: string): string {
  switch (form) {
    case 'echo':
      return '';
    case 'say':
      return `[[say answer to ${name}]]`;
    case 'tokens':
      return `[[tokens ${random.integer(5, 60)} ${random.integer(2, 15)}]]`;
    case 'burst':
      return `[[tokens ${random.integer(300, 2_000)} 0]]`;
    case 'think':
      return `[[think about ${name}]] [[say thought of ${name}]]`;
    case 'look':
      return '[[tool Glob {"pattern":"*.none"}]]';
    case 'command':
      return `[[tool Bash {"command":"sleep 0.${random.integer(1, 6)}"}]]`;
    case 'write':
      return writing(`${name}.txt`);
    case 'writeTwo':
      return `${writing(`${name}-a.txt`)} ${writing(`${name}-b.txt`)}`;
    case 'busy':
      return `[[status 529 1]] [[say after all ${name}]]`;
    case 'torn':
      return `[[cut ${random.integer(1, 5)} 1]] [[say whole at last: the answer to ${name} is long enough]]`;
    case 'hang':
      return `[[hang ${random.integer(50, 800)}]] [[say late ${name}]]`;
    case 'refused':
      return '[[status 400 1]]';
  }
}

function writing(file: string): string {
  return `[[tool Write ${JSON.stringify({ file_path: `WORKSPACE/${file}`, content: 'x\n' })}]]`;
}
