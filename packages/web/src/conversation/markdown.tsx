import { Check, Copy, ImageOff } from 'lucide-react';
import { isValidElement, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { defaultRehypePlugins, Streamdown } from 'streamdown';
import type { Components } from 'streamdown';

const SAFE_SCHEMES = new Set(['http:', 'https:', 'mailto:']);

/** What the renderer gives every element beside its own attributes. */
interface Made {
  node?: unknown;
  children?: ReactNode;
}

/** HTML in the text is shown as text; what markdown itself makes is cleaned all the same. */
const rehypePlugins = [defaultRehypePlugins['sanitize']].filter((plugin) => plugin !== undefined);

const components: Components = {
  h1: 'h3',
  h2: 'h4',
  h3: 'h5',
  h4: 'h6',
  h5: 'h6',
  h6: 'h6',
  p: 'p',
  ul: 'ul',
  ol: 'ol',
  li: 'li',
  strong: 'strong',
  blockquote: 'blockquote',
  hr: 'hr',
  thead: 'thead',
  tbody: 'tbody',
  tr: 'tr',
  th: 'th',
  td: 'td',
  sub: 'sub',
  sup: 'sup',
  section: 'section',
  code: 'code',
  a: SafeLink,
  img: ImageName,
  input: TaskMark,
  table: ScrollingTable,
  pre: CodeBlock,
};

export interface MarkdownProps {
  text: string;
  /** More is to come: what is not closed yet is shown as if it were. */
  streaming: boolean;
}

export function renderMarkdown(props: MarkdownProps): ReactElement {
  return <Markdown {...props} />;
}

/** Text of a model, shown as markdown. It runs nothing and loads nothing, whatever the text says. */
function Markdown({ text, streaming }: MarkdownProps) {
  return (
    <Streamdown
      className="markdown"
      components={components}
      rehypePlugins={rehypePlugins}
      parseIncompleteMarkdown={streaming}
      controls={false}
      linkSafety={{ enabled: false }}
    >
      {text}
    </Streamdown>
  );
}

function SafeLink({ href, children }: Made & { href?: string | undefined }) {
  if (!isSafe(href)) return <span title={href}>{children}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" referrerPolicy="no-referrer">
      {children}
    </a>
  );
}

/** Only absolute links lead anywhere: a relative one in a model's text is the path of a file. */
function isSafe(href: string | undefined): href is string {
  if (href === undefined || !URL.canParse(href)) return false;
  return SAFE_SCHEMES.has(new URL(href).protocol);
}

/** Images are not fetched: their address may tell a stranger that, and what, somebody reads. */
function ImageName({ alt, src }: Made & { alt?: string | undefined; src?: string | undefined }) {
  const name = alt === undefined || alt === '' ? 'image' : alt;
  return (
    <span className="inline-flex items-center gap-1.5 rounded-md border border-line bg-sunken px-2 py-0.5 text-[0.9em] text-soft">
      <ImageOff className="size-3.5" aria-hidden="true" />
      <span>Image not loaded: {isSafe(src) ? <SafeLink href={src}>{name}</SafeLink> : name}</span>
    </span>
  );
}

function TaskMark({ checked }: Made & { checked?: boolean | undefined }) {
  return <span aria-label={checked === true ? 'done' : 'open'}>{checked === true ? '☑ ' : '☐ '}</span>;
}

function ScrollingTable({ children }: Made) {
  return (
    <div className="table overflow-x-auto" tabIndex={0} role="region" aria-label="Table">
      <table>{children}</table>
    </div>
  );
}

function CodeBlock({ children }: Made) {
  const { language, code } = codeOf(children);
  return (
    <div className="code-block overflow-hidden rounded-xl border border-line bg-sunken">
      <div className="flex h-9 items-center justify-between border-b border-line pr-1 pl-3.5 text-xs text-soft">
        <span>{language === '' ? 'text' : language}</span>
        <CopyButton text={code} />
      </div>
      <pre
        tabIndex={0}
        aria-label={`Code${language === '' ? '' : `, ${language}`}`}
        className="overflow-x-auto px-3.5 py-3 font-mono text-[0.8125rem] leading-relaxed"
      >
        <code>{code}</code>
      </pre>
    </div>
  );
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied('yes'),
      () => setCopied('failed'),
    );
    setTimeout(() => setCopied('no'), 2000);
  };
  const words = { no: 'Copy', yes: 'Copied', failed: 'Not allowed' }[copied];
  return (
    <button
      type="button"
      onClick={copy}
      aria-label="Copy the code"
      className="inline-flex h-7 items-center gap-1.5 rounded-md px-2 hover:bg-panel hover:text-ink"
    >
      {copied === 'yes' ? (
        <Check className="size-3.5" aria-hidden="true" />
      ) : (
        <Copy className="size-3.5" aria-hidden="true" />
      )}
      <span aria-live="polite">{words}</span>
    </button>
  );
}

function codeOf(children: ReactNode): { language: string; code: string } {
  if (!isValidElement<{ className?: string; children?: ReactNode }>(children)) return { language: '', code: '' };
  const { className = '', children: code } = children.props;
  return { language: /language-(\S+)/.exec(className)?.[1] ?? '', code: textOf(code).replace(/\n$/, '') };
}

function textOf(node: ReactNode): string {
  if (typeof node === 'string') return node;
  return Array.isArray(node) ? node.map((child: ReactNode) => textOf(child)).join('') : '';
}
