import { strings } from '../strings/strings.ts';
import { field } from './tool-words.ts';

const words = strings.conversation.approval;

/**
 * What "allow for this session" would allow, in words: each of the agent's suggestions. One that is not known is shown as
 * it is, for nobody should agree to what is not spelled out.
 */
export function ruleTexts(suggestions: readonly unknown[]): string[] {
  return suggestions.flatMap((suggestion) => {
    switch (field(suggestion, 'type')) {
      case 'addRules':
      case 'replaceRules':
        return listOf(suggestion, 'rules').map((rule) => words.rule(ruleText(rule)));
      case 'setMode':
        return [words.mode(words.modes[field(suggestion, 'mode') ?? ''] ?? JSON.stringify(suggestion))];
      case 'addDirectories':
        return listOf(suggestion, 'directories').map((folder) => words.folder(String(folder)));
      default:
        return [JSON.stringify(suggestion)];
    }
  });
}

function ruleText(rule: unknown): string {
  const tool = field(rule, 'toolName') ?? JSON.stringify(rule);
  const content = field(rule, 'ruleContent');
  return content === undefined ? tool : `${tool}(${content})`;
}

function listOf(suggestion: unknown, name: string): unknown[] {
  const list: unknown =
    typeof suggestion === 'object' && suggestion !== null ? Reflect.get(suggestion, name) : undefined;
  return Array.isArray(list) ? list : [];
}
