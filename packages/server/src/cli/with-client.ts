import { connect } from '@hearth/client';
import type { Hearth } from '@hearth/client';
import { requireServer } from './open-access.ts';
import type { ServerFlags } from './server-flags.ts';

/** Does something with the running server, and lets go of it. @throws HearthError when none runs */
export async function withClient<Result>(
  flags: ServerFlags,
  work: (hearth: Hearth) => Promise<Result>,
): Promise<Result> {
  const hearth = connect(await requireServer(flags));
  try {
    return await work(hearth);
  } finally {
    hearth.close();
  }
}
