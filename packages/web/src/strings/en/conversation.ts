/** The conversation: messages, tools, approvals, the composer. */
export const conversation = {
  loading: 'Loading the conversation',
} as const;
