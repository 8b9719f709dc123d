import { strings } from '../strings/strings.ts';
import { CopyButton } from './copy-button.tsx';
import { HighlightedCode } from './highlighted-code.tsx';

const words = strings.conversation.code;

export interface CodeBlockProps {
  language: string;
  code: string;
  /** Its end has not come yet. */
  growing: boolean;
}

/** A block of code in a text. It gets its colours when it is whole. */
export function CodeBlock({ language, code, growing }: CodeBlockProps) {
  return (
    <div dir="ltr" className="code-block overflow-hidden rounded-xl border border-line bg-sunken">
      <div className="flex h-9 items-center justify-between border-b border-line pe-1 ps-3.5 text-xs text-soft">
        <span>{language === '' ? words.text : language}</span>
        <CopyButton label={words.copy} text={() => code} spelled />
      </div>
      <pre
        tabIndex={0}
        aria-label={words.label(language)}
        className="max-h-[36rem] overflow-auto px-3.5 py-3 font-mono text-[0.8125rem] leading-relaxed"
      >
        <HighlightedCode language={language} code={code} wanted={!growing} />
      </pre>
    </div>
  );
}
