/** Every tag of the course: a file here, a line below, an example in content/README.md. */
import { button } from './button.ts';
import { callout } from './callout.ts';
import { checkpoint } from './checkpoint.ts';
import { definition } from './definition.ts';
import { diagram } from './diagram.ts';
import { figure } from './figure.ts';
import { hint } from './hint.ts';
import { link } from './link.ts';
import { answer, quiz } from './quiz.ts';
import { step, steps } from './steps.ts';
import { tab, tabs } from './tabs.ts';
import type { LessonTag } from './tag.ts';

export const TAGS: Record<string, LessonTag> = Object.fromEntries(
  [answer, button, callout, checkpoint, definition, diagram, figure, hint, link, quiz, step, steps, tab, tabs].map(
    (tag) => [tag.name, tag],
  ),
);
