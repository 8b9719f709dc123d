const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** The conversation: messages, tools, approvals, the composer. */
export const conversation = {
  loading: 'Loading the conversation',
  session: 'Session',
  label: 'Conversation',
  empty: 'Say what you want to have done.',
  closed: 'This session is closed.',
  toNewest: 'To the newest',
  noSession: 'There is no such session',
  noSessionWhy: 'It was deleted, or the link is not complete.',
  notShown: 'The session cannot be shown',
  leaveAsItWas: 'Leave as it was',
  forkedFrom: 'This session goes on from',
  forkedFromAnother: 'another session',
  copy: { copy: 'Copy', done: 'Copied', failed: 'Not allowed' },
  message: {
    youSaid: 'You said',
    agentSaid: 'The agent said',
    notShown: 'A message that is not shown here',
    steered: 'read while it worked',
    cut: 'interrupted',
    copy: 'Copy the message',
    edit: 'Say it differently, in a new session',
    editLabel: 'The message in other words',
    editSend: 'Send in a new session',
    editMeaning: 'A new session begins with the conversation before this message. This one stays as it is.',
    rewind: 'Go back to before this message',
    rewindWhenIdle: 'Go back to before this message: possible when nothing runs',
    imageSent: 'Sent with the message',
    notDelivered: (reason?: string) => `Not delivered${reason === undefined ? '' : `: ${reason}`}`,
  },
  rewind: {
    title: 'Go back to before this message?',
    meaning: (turns?: number) =>
      turns === undefined
        ? 'The turn and all after it are taken back. What was said comes back into the composer.'
        : `${turns === 1 ? 'One turn is' : `${turns} turns are`} taken back; the agent forgets ${turns === 1 ? 'it' : 'them'}. What was said comes back into the composer.`,
    files: 'Put the files back too',
    filesMeaning: 'Files that the agent’s editing tools changed since then become what they were.',
    filesList: 'Files that would be put back',
    noFiles: 'No file has changed.',
    cancel: 'Stay here',
    confirm: 'Go back',
  },
  turn: {
    copyAnswer: 'Copy the answer',
    fork: 'Go on from here in a new session',
    failed: 'failed',
    tokens: (given: string, made: string) => `${given} tokens in, ${made} out`,
    interruptedBy: {
      user: 'Stopped by you',
      message: 'Stopped for your next message',
      shutdown: 'Stopped because the server was shut down',
      crash: 'Stopped because the agent or the server crashed',
    },
    stops: {
      max_tokens: 'The answer was too long and was cut',
      max_turns: 'Stopped at the bound on rounds',
      refusal: 'The model declined',
    } as Readonly<Record<string, string>>,
  },
  thinking: { now: 'Thinking …', done: 'Thought about it' },
  markdown: {
    image: 'image',
    imageNotLoaded: 'Image not loaded:',
    taskDone: 'done',
    taskOpen: 'open',
    table: 'Table',
  },
  code: {
    text: 'text',
    copy: 'Copy the code',
    label: (language: string) => `Code${language === '' ? '' : `, ${language}`}`,
  },
  diff: {
    label: 'Change',
    added: 'added',
    removed: 'removed',
    gap: 'lines that stay',
    nothing: 'Nothing changes.',
    showAll: (lines: number) => `Show all ${lines} lines`,
  },
  tool: {
    /** Tools whose names say little. */
    names: { TodoWrite: 'To do', WebFetch: 'Web page', WebSearch: 'Web search', Task: 'Agent' } as Readonly<
      Record<string, string>
    >,
    states: { running: 'runs', waiting: 'waits for you', done: 'done', failed: 'failed', unfinished: 'cut off' },
    command: 'Command',
    inputOf: (name: string) => `Input of ${name}`,
    replacesAll: 'Every place in the file where this stands is changed.',
    prompt: 'What it was asked',
    output: 'Output',
    error: 'Error',
    imageOutput: 'Given by the tool',
    noOutput: 'No output.',
    wasCut: 'It was cut off.',
    more: (chars: number) => `\n… ${chars} more characters`,
    counts: (added: number, removed: number) =>
      `${plural(added, 'line', 'lines')} added, ${plural(removed, 'line', 'lines')} removed`,
  },
  plan: { label: 'To do', states: { pending: 'open', in_progress: 'in work', completed: 'done' } },
  note: {
    compacted: 'The conversation was compacted to make room in the model’s context.',
    account: (label: string, reason: string) => `Goes on with the account ${label}: ${reason}`,
    rewound: (turns: number, files: number) => {
      const parts = [
        ...(turns === 0
          ? []
          : [turns === 1 ? 'the last turn was taken back' : `the last ${turns} turns were taken back`]),
        ...(files === 0 ? [] : [files === 1 ? 'one file was put back' : `${files} files were put back`]),
      ];
      return `Rewound: ${parts.length === 0 ? 'no file had changed' : parts.join(', ')}.`;
    },
  },
  outcome: {
    planApproved: 'You approved the plan.',
    answered: 'You answered.',
    denied: 'You said no.',
    deniedBecause: (reason: string) => `You said no: ${reason}`,
    expired: 'Nobody answered in time, so it was denied.',
    cancelled: 'No answer is needed any more.',
  },
  retry: (code: string, attempt: number, maxAttempts: number, delay: string) =>
    `The model API answered “${code}”. Try ${attempt} of ${maxAttempts} follows in ${delay}.`,
  announce: {
    waits: (what: string) => `The agent waits for you: ${what}`,
    works: 'The agent works.',
    done: 'The agent is done.',
    answered: (text: string) => `The agent answered: ${text}`,
    stopped: 'The turn was stopped.',
    failed: (message: string) => `The turn failed: ${message}`,
  },
} as const;
