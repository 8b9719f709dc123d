import { CASES } from './suite.ts';
import type { Verdict } from './suite.ts';

/** What all cases of one rule of SPEC.md say together. */
export interface RuleVerdict {
  rule: string;
  /** Failed when any of its cases failed, skipped when none could be run. */
  outcome: Verdict['outcome'];
  verdicts: readonly Verdict[];
}

/** The rules that the suite can see from outside: groups in the order of their first case, each by number. */
export const RULES: readonly string[] = inGroups([...new Set(CASES.flatMap((one) => one.rules))]);

/**
 * Sums verdicts up by rule, in the order of the rules.
 * @param verdicts of cases that were run; rules without any are left out
 */
export function byRule(verdicts: readonly Verdict[]): RuleVerdict[] {
  return RULES.flatMap((rule) => {
    const own = verdicts.filter((verdict) => verdict.case.rules.includes(rule));
    return own.length === 0 ? [] : [{ rule, outcome: outcomeOf(own), verdicts: own }];
  });
}

/** Whether a wish for rules, as `MSG5` or the whole group `MSG`, asks for a case. No wish asks for all. */
export function isWanted(rules: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  return rules.some((rule) => wanted.includes(rule) || wanted.includes(groupOf(rule)));
}

function inGroups(rules: readonly string[]): string[] {
  const groups = [...new Set(rules.map(groupOf))];
  const numberOf = (rule: string): number => Number(rule.slice(groupOf(rule).length));
  return groups.flatMap((group) =>
    rules.filter((rule) => groupOf(rule) === group).toSorted((a, b) => numberOf(a) - numberOf(b)),
  );
}

function groupOf(rule: string): string {
  return rule.replace(/\d+$/, '');
}

function outcomeOf(verdicts: readonly Verdict[]): RuleVerdict['outcome'] {
  if (verdicts.some(({ outcome }) => outcome === 'failed')) return 'failed';
  return verdicts.some(({ outcome }) => outcome === 'passed') ? 'passed' : 'skipped';
}
