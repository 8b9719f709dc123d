import type { AgentCommand } from '@hearth/protocol';
import type { ClaudeBackendDeps } from './claude-config.ts';
import type { ControlledQuery } from './sdk-message.ts';

/** The slash commands of the running binary, its skills and those of the folder among them; none when it does not say. */
export async function agentCommands(
  query: ControlledQuery | undefined,
  log: ClaudeBackendDeps['log'],
): Promise<AgentCommand[]> {
  try {
    const commands = (await query?.supportedCommands()) ?? [];
    return commands.map(({ name, description, argumentHint }) => {
      return { name, description, ...(argumentHint === '' ? {} : { argumentHint }) };
    });
  } catch (error) {
    log.warn({ err: error }, 'could not ask for the commands of the agent');
    return [];
  }
}
