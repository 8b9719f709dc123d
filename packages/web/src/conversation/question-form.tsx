import type { Question } from '@hearth/protocol';
import { useId, useState } from 'react';
import { Button } from '../parts/button.tsx';

type Answers = Record<string, string | string[]>;

export interface QuestionFormProps {
  questions: Question[];
  answer: (answers: Answers) => void;
  decline: () => void;
}

interface Draft {
  chosen: string[];
  own: string;
}

const EMPTY: Draft = { chosen: [], own: '' };

export function QuestionForm({ questions, answer, decline }: QuestionFormProps) {
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
          draft={draftOf(question)}
          change={(draft) => setDrafts({ ...drafts, [question.question]: draft })}
        />
      ))}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={!complete}>
          {questions.length === 1 ? 'Answer' : 'Send the answers'}
        </Button>
        <Button look="bare" onClick={decline}>
          Do not answer
        </Button>
      </div>
    </form>
  );
}

interface OneQuestionProps {
  question: Question;
  draft: Draft;
  change: (draft: Draft) => void;
}

function OneQuestion({
  question: { question, header, options, multiSelect = false },
  draft,
  change,
}: OneQuestionProps) {
  const name = useId();
  const choose = (label: string): void => {
    if (!multiSelect) change({ chosen: [label], own: '' });
    else if (draft.chosen.includes(label)) change({ ...draft, chosen: draft.chosen.filter((one) => one !== label) });
    else change({ ...draft, chosen: [...draft.chosen, label] });
  };
  return (
    <fieldset className="min-w-0">
      <legend className="font-medium">
        {header !== undefined && (
          <span className="mr-2 rounded-md bg-sunken px-1.5 py-0.5 text-xs font-normal text-soft">{header}</span>
        )}
        {question}
      </legend>
      <div className="mt-2.5 space-y-1.5">
        {options.map(({ label, description }) => (
          <label
            key={label}
            className="flex cursor-pointer items-start gap-3 rounded-xl border border-line px-3 py-2 hover:border-line-strong has-checked:border-ember has-checked:bg-ember-soft"
          >
            <input
              type={multiSelect ? 'checkbox' : 'radio'}
              name={name}
              checked={draft.chosen.includes(label)}
              onChange={() => choose(label)}
              className="mt-1 accent-ember"
            />
            <span className="min-w-0">
              <span className="block text-sm font-medium">{label}</span>
              {description !== undefined && <span className="block text-sm text-soft">{description}</span>}
            </span>
          </label>
        ))}
        <input
          aria-label={`${question} In your own words`}
          placeholder="Something else, in your own words"
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
