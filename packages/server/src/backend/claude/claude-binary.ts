import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

const VERSION_TIMEOUT_MS = 15_000;
const execute = promisify(execFile);

export type BinaryCheck = { type: 'found'; path: string; version: string } | { type: 'unusable'; reason: string };

/**
 * The path of the `claude` binary: the configured one, else the one in the SDK's package for this platform.
 * Undefined when that package is not installed.
 */
export function findBinary(configured: string | undefined): string | undefined {
  if (configured !== undefined) return configured;
  const sdk = createRequire(createRequire(import.meta.url).resolve('@anthropic-ai/claude-agent-sdk'));
  const base = `@anthropic-ai/claude-agent-sdk-${process.platform}-${process.arch}`;
  const file = process.platform === 'win32' ? 'claude.exe' : 'claude';
  for (const name of isMusl() ? [`${base}-musl`, base] : [base, `${base}-musl`]) {
    try {
      return sdk.resolve(`${name}/${file}`);
    } catch {
      // Not installed for this platform: the other kind, else none.
    }
  }
  return undefined;
}

/** Whether the binary is there and runs. Never rejects. */
export async function checkBinary(
  configured: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<BinaryCheck> {
  const path = findBinary(configured);
  if (path === undefined) {
    return {
      type: 'unusable',
      reason: `The claude binary for ${process.platform}-${process.arch} is not installed: run npm install without --omit=optional.`,
    };
  }
  try {
    await access(path, constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const what = code === 'EACCES' ? 'may not be executed' : 'is not there';
    return {
      type: 'unusable',
      reason: `The claude binary ${what}: ${path}. Install it, or correct its configured path.`,
    };
  }
  try {
    const { stdout } = await execute(path, ['--version'], { env, timeout: VERSION_TIMEOUT_MS });
    return { type: 'found', path, version: stdout.trim() };
  } catch (error) {
    const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { type: 'unusable', reason: `The claude binary does not run: ${path} (${detail}).` };
  }
}

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const report: unknown = process.report.getReport();
  const header = (report as { header?: { glibcVersionRuntime?: string } }).header;
  return header?.glibcVersionRuntime === undefined;
}
