import { ImageOff } from 'lucide-react';
import { isValidElement, useState } from 'react';
import type { ReactElement, ReactNode } from 'react';
import { defaultRehypePlugins, parseMarkdownIntoBlocks, Streamdown, useIsCodeFenceIncomplete } from 'streamdown';
import type { Components } from 'streamdown';
import { strings } from '../strings/strings.ts';
import { CodeBlock } from './code-block.tsx';
import { splitGrowing } from './markdown-blocks.ts';

const words = strings.conversation.markdown;

const SAFE_SCHEMES = new Set(['http:', 'https:', 'mailto:']);

/** What the renderer gives every element beside its own attributes. */
interface Made {
  node?: unknown;
  children?: ReactNode;
}

/** HTML in the text is shown as text; what markdown itself makes is cleaned all the same. */
const rehypePlugins = [defaultRehypePlugins['sanitize']].filter((plugin) => plugin !== undefined);

const NO_SAFETY_DIALOG = { enabled: false };

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
  pre: FencedCode,
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
  const [split] = useState(() => splitGrowing(parseMarkdownIntoBlocks));
  return (
    <Streamdown
      className="markdown"
      components={components}
      rehypePlugins={rehypePlugins}
      parseMarkdownIntoBlocksFn={split}
      parseIncompleteMarkdown={streaming}
      isAnimating={streaming}
      dir="auto"
      controls={false}
      linkSafety={NO_SAFETY_DIALOG}
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
  const name = alt === undefined || alt === '' ? words.image : alt;
  return (
    <span className="inline-flex items-center gap-1.5 rounded-md border border-line bg-sunken px-2 py-0.5 text-[0.9em] text-soft">
      <ImageOff className="size-3.5" aria-hidden="true" />
      <span>
        {words.imageNotLoaded} {isSafe(src) ? <SafeLink href={src}>{name}</SafeLink> : name}
      </span>
    </span>
  );
}

function TaskMark({ checked }: Made & { checked?: boolean | undefined }) {
  const done = checked === true;
  return (
    <span role="img" aria-label={done ? words.taskDone : words.taskOpen}>
      {done ? '☑ ' : '☐ '}
    </span>
  );
}

function ScrollingTable({ children }: Made) {
  return (
    <div className="table-scroll max-h-[32rem] overflow-auto" tabIndex={0} role="region" aria-label={words.table}>
      <table>{children}</table>
    </div>
  );
}

function FencedCode({ children }: Made) {
  const growing = useIsCodeFenceIncomplete();
  const { language, code } = codeOf(children);
  return <CodeBlock language={language} code={code} growing={growing} />;
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
