import type { Approval, ApprovalAnswer, Priority } from '@hearth/protocol';

/** What a typed line asks for. */
export type AttachInput =
  | { type: 'nothing' }
  | { type: 'send'; text: string; priority: Priority }
  | { type: 'answer'; approval: Approval; answer: ApprovalAnswer }
  | { type: 'interrupt' }
  | { type: 'quit' }
  | { type: 'help'; text: string };

const COMMANDS = '/now, /later, /allow, /deny, /answer, /interrupt, /quit';

/** Reads a line. @param pending approvals that wait, the oldest first */
export function readLine(line: string, pending: readonly Approval[]): AttachInput {
  if (line.trim() === '') return { type: 'nothing' };
  const [, command, rest = ''] = /^\/([a-z]+)\s*(.*?)\s*$/s.exec(line) ?? [];
  switch (command) {
    case undefined:
      return { type: 'send', text: line, priority: 'next' };
    case 'now':
    case 'later':
      return rest === '' ? help(`/${command} needs a text.`) : { type: 'send', text: rest, priority: command };
    case 'interrupt':
      return { type: 'interrupt' };
    case 'quit':
    case 'exit':
      return { type: 'quit' };
    case 'allow':
    case 'deny':
    case 'answer':
      return decide(command, rest, pending);
    default:
      return help(`There is no /${command}; there are ${COMMANDS}. To send it as it is, put a space before it.`);
  }
}

function decide(command: 'allow' | 'deny' | 'answer', rest: string, pending: readonly Approval[]): AttachInput {
  const [approval] = pending;
  if (approval === undefined) return help('Nothing waits for an answer.');
  if (command === 'answer') return answerQuestions(approval, rest);
  const answer: ApprovalAnswer =
    command === 'allow'
      ? { decision: 'allow', scope: rest === 'session' ? 'session' : 'once' }
      : { decision: 'deny', ...(rest === '' ? {} : { message: rest }) };
  return { type: 'answer', approval, answer };
}

/** Several questions are answered in their order, with a semicolon between them. */
function answerQuestions(approval: Approval, rest: string): AttachInput {
  const { questions = [] } = approval;
  if (questions.length === 0) return help('What waits is no question; use /allow or /deny.');
  const given = questions.length === 1 ? [rest] : rest.split(';').map((part) => part.trim());
  if (given.length !== questions.length || given.includes('')) {
    return help(
      `Answer ${questions.length === 1 ? 'the question' : `the ${questions.length} questions, with ; between`}.`,
    );
  }
  const answers = Object.fromEntries(
    questions.map(({ question, options, multiSelect }, at) => {
      const text = given[at] ?? '';
      const labelOf = (part: string): string => options[Number(part) - 1]?.label ?? part;
      const many = multiSelect === true ? text.split(',').map((part) => labelOf(part.trim())) : labelOf(text);
      return [question, many];
    }),
  );
  return { type: 'answer', approval, answer: { decision: 'answer', answers } };
}

function help(text: string): AttachInput {
  return { type: 'help', text };
}
