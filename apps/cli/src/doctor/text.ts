import { padEnd, safeText, wrap } from '@dailies/service';
import { count } from '../figures.ts';
import type { Finding, Level } from './finding.ts';

const COLORS: Readonly<Record<Level, string>> = { ok: '\x1b[32m', warn: '\x1b[33m', fail: '\x1b[31m' };
const PLAIN = '\x1b[0m';
const LEVEL_COLUMNS = 6;

/** The findings for people, one after the other, and how many of each level. */
export function doctorText(findings: readonly Finding[], options: { columns: number; color: boolean }): string {
  const column = LEVEL_COLUMNS + Math.max(0, ...findings.map(({ check }) => check.length)) + 2;
  const room = Math.max(40, options.columns - column);
  const indent = ' '.repeat(column);
  const lines = findings.flatMap(({ level, check, found, todo }) => {
    const mark = padEnd(level, LEVEL_COLUMNS);
    const head = `${options.color ? COLORS[level] + mark + PLAIN : mark}${padEnd(check, column - LEVEL_COLUMNS)}`;
    const [first = '', ...more] = wrap(safeText(found), room);
    const what = todo === null ? [] : wrap(`→ ${safeText(todo)}`, room);
    return [head + first, ...[...more, ...what].map((line) => indent + line)];
  });
  return `${[...lines, '', summary(findings)].join('\n')}\n`;
}

function summary(findings: readonly Finding[]): string {
  const of = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [fails, warns] = [of('fail'), of('warn')];
  if (fails === 0 && warns === 0) return 'All is well.';
  const what = [fails > 0 ? count(fails, 'failure') : null, warns > 0 ? count(warns, 'warning') : null];
  return `${what.filter((part) => part !== null).join(', ')}; ${of('ok')} ok.`;
}
