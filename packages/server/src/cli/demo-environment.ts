import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Variables without which programs do not run well; none of them names an account. */
const KEPT = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'TERM', 'TMPDIR', 'SHELL', 'USER', 'LOGNAME'];

const README = `# Demo

A folder to try things in. The model that answers is a script: it obeys directives such as

    [[say TEXT]]                     [[think TEXT]]
    [[tokens 50 40]]                 [[tool Bash {"command":"ls -la"}]]
    [[status 529 2]]                 [[cut 5]]

and echoes everything else. The agent, its tools and the files here are real.
`;

/**
 * What the demo's agent gets of the environment: the scripted API, a made-up key, and a home and configuration of its
 * own in the data directory, so that nobody's login or settings are read or changed.
 */
export async function demoEnvironment(
  dataDir: string,
  apiUrl: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Record<string, string>> {
  const home = join(dataDir, 'home');
  const configDir = join(dataDir, 'claude');
  for (const folder of [home, configDir]) await mkdir(folder, { recursive: true, mode: 0o700 });
  return {
    ...Object.fromEntries(KEPT.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
    HOME: home,
    CLAUDE_CONFIG_DIR: configDir,
    ANTHROPIC_BASE_URL: apiUrl,
    ANTHROPIC_API_KEY: 'made-up-key-of-the-demo',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_ERROR_REPORTING: '1',
  };
}

/** The folder in which the demo's agent works when none was named. */
export async function demoWorkspace(dataDir: string): Promise<string> {
  const folder = join(dataDir, 'workspace');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    await writeFile(join(folder, 'README.md'), README, { flag: 'wx' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return folder;
}
