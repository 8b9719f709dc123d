import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { constants, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('faulty-system.c', import.meta.url));
const CONTROL_BYTES = 16;

/**
 * The disk and the clock of one server process, which can be made to fail while it runs: a small library between it and
 * the C library, and a file by which that is told what to do. The product knows nothing of it.
 */
export class FaultySystem {
  /** What the process has to be started with. */
  readonly env: Record<string, string>;
  readonly #control: number;
  /** How often the disk was broken. */
  #disasters = 0;

  /**
   * @param folder only files below it fail
   * @param controlFile lies elsewhere
   */
  constructor(folder: string, controlFile: string) {
    writeFileSync(controlFile, Buffer.alloc(CONTROL_BYTES));
    this.#control = openSync(controlFile, 'r+');
    this.env = { LD_PRELOAD: library(), FAULTY_CONTROL: controlFile, FAULTY_FOLDER: `${folder}/` };
  }

  get disasters(): number {
    return this.#disasters;
  }

  fillDisk(): void {
    this.#disasters += 1;
    this.#set(0, constants.errno.ENOSPC);
  }

  failWrites(): void {
    this.#disasters += 1;
    this.#set(0, constants.errno.EIO);
  }

  failReads(): void {
    this.#disasters += 1;
    this.#set(4, constants.errno.EIO);
  }

  healDisk(): void {
    this.#set(0, 0);
    this.#set(4, 0);
  }

  /** The process's clock is wrong by so much from now on. */
  setClock(offsetMs: number): void {
    const value = Buffer.alloc(8);
    value.writeBigInt64LE(BigInt(offsetMs));
    writeSync(this.#control, value, 0, value.length, 8);
  }

  #set(at: number, errno: number): void {
    const value = Buffer.alloc(4);
    value.writeInt32LE(errno);
    writeSync(this.#control, value, 0, value.length, at);
  }
}

/** The compiled library; built once for each version of its source. */
function library(): string {
  const source = readFileSync(SOURCE);
  const folder = join(tmpdir(), `hearth-faulty-system-${userInfo().uid}`);
  const file = join(folder, `${createHash('sha256').update(source).digest('hex').slice(0, 16)}.so`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const built = `${file}.${process.pid}`;
  execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', built, SOURCE, '-ldl']);
  renameSync(built, file);
  return file;
}
