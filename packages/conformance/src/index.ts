export { CASES, runCase, runSuite } from './suite.ts';
export type { SuiteOptions, Verdict } from './suite.ts';
export { byRule, isWanted, RULES } from './rules.ts';
export type { RuleVerdict } from './rules.ts';
export type { Case } from './case.ts';
export type { ModelLog, ModelRequest, Target } from './target.ts';
export { answerText, assertOrdered, Bench, blockTexts, codeOf, idle, isTerminal, ofType, only } from './bench.ts';
export { EventSourceReader } from './event-source.ts';
export { RpcSocket } from './rpc-socket.ts';
