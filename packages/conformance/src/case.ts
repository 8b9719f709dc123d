import type { Bench } from './bench.ts';

/** One check that a server passes or fails. */
export interface Case {
  /** The rules of SPEC.md that it proves. */
  rules: readonly string[];
  title: string;
  /** `model`: only where the model's requests can be read. */
  needs?: 'model';
  run(bench: Bench): Promise<void>;
}
