import type { Question } from '@hearth/protocol';
import { useId, useState } from 'react';
import { Button } from '../parts/button.tsx';
import { strings } from '../strings/strings.ts';
import { useApprovalKeys } from './approval-keys.ts';
import { KeyHint } from './key-hint.tsx';

const words = strings.conversation.question;

type Answers = Record<string, string | string[]>;

export interface QuestionFormProps {
  questions: Question[];
  isFirst: boolean;
  answer: (answers: Answers) => void;
  decline: () => void;
}

interface Draft {
  chosen: string[];
  own: string;
}

const EMPTY: Draft = { chosen: [], own: '' };

/** Questions with options, each of which can be answered in one's own words instead. */
export function QuestionForm({ questions, isFirst, answer, decline }: QuestionFormProps) {
  const [drafts, setDrafts] = useState<Readonly<Record<string, Draft>>>({});
  const draftOf = ({ question }: Question): Draft => drafts[question] ?? EMPTY;
  const complete = questions.every((question) => answersOf(draftOf(question)).length > 0);
  const submit = (): void => {
    const entries = questions.map((question): [string, string | string[]] => {
      const given = answersOf(draftOf(question));
      return [question.question, question.multiSelect === true ? given : given.join(', ')];
    });
    answer(Object.fromEntries(entries));
  };
  const asked = questions.find((question) => answersOf(draftOf(question)).length === 0) ?? questions.at(-1);
  const pick = (index: number): void => {
    const label = asked?.options[index]?.label;
    if (asked === undefined || label === undefined) return;
    setDrafts({ ...drafts, [asked.question]: chosen(asked, draftOf(asked), label) });
  };
  useApprovalKeys(isFirst, {
    ...Object.fromEntries(Array.from({ length: 9 }, (_, index) => [String(index + 1), () => pick(index)])),
    Y: complete ? submit : undefined,
  });
  return (
    <form
      className="space-y-5"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {questions.map((question) => (
        <OneQuestion
          key={question.question}
          question={question}
          isAsked={question === asked}
          draft={draftOf(question)}
          change={(draft) => setDrafts({ ...drafts, [question.question]: draft })}
        />
      ))}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={!complete}>
          {questions.length === 1 ? words.answer : words.answerAll} <KeyHint letter="Y" />
        </Button>
        <Button look="bare" onClick={decline}>
          {words.decline}
        </Button>
      </div>
    </form>
  );
}

interface OneQuestionProps {
  question: Question;
  /** The keyboard answers this one. */
  isAsked: boolean;
  draft: Draft;
  change: (draft: Draft) => void;
}

function chosen({ multiSelect = false }: Question, draft: Draft, label: string): Draft {
  if (!multiSelect) return { chosen: [label], own: '' };
  if (draft.chosen.includes(label)) return { ...draft, chosen: draft.chosen.filter((one) => one !== label) };
  return { ...draft, chosen: [...draft.chosen, label] };
}

function OneQuestion({ question: asked, isAsked, draft, change }: OneQuestionProps) {
  const { question, header, options, multiSelect = false } = asked;
  const name = useId();
  return (
    <fieldset className="min-w-0">
      <legend className="font-medium">
        {header !== undefined && (
          <span className="me-2 rounded-md bg-sunken px-1.5 py-0.5 text-xs font-normal text-soft">{header}</span>
        )}
        {question}
      </legend>
      <div className="mt-2.5 space-y-1.5">
        {options.map(({ label, description }, index) => (
          <label
            key={label}
            className="flex cursor-pointer items-start gap-3 rounded-xl border border-line px-3 py-2 hover:border-line-strong has-checked:border-ember has-checked:bg-ember-soft"
          >
            <input
              type={multiSelect ? 'checkbox' : 'radio'}
              name={name}
              checked={draft.chosen.includes(label)}
              onChange={() => change(chosen(asked, draft, label))}
              className="mt-1 accent-ember"
            />
            <span className="min-w-0">
              <span className="block text-sm font-medium">{label}</span>
              {description !== undefined && <span className="block text-sm text-soft">{description}</span>}
            </span>
            {isAsked && index < 9 && (
              <span className="ms-auto text-soft">
                <KeyHint letter={String(index + 1)} />
              </span>
            )}
          </label>
        ))}
        <input
          aria-label={words.ownLabel(question)}
          placeholder={words.own}
          dir="auto"
          value={draft.own}
          onChange={({ target }) => change({ chosen: multiSelect ? draft.chosen : [], own: target.value })}
          className="block h-9 w-full rounded-xl border border-line bg-paper px-3 text-sm placeholder:text-soft"
        />
      </div>
    </fieldset>
  );
}

function answersOf({ chosen, own }: Draft): string[] {
  return own.trim() === '' ? chosen : [...chosen, own.trim()];
}
