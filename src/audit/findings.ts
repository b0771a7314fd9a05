/**
 * What an audit finds. A finding names the rule of `docs/soundness.md` and, where there is one, the log index of the event
 * that breaks it; `error` means that the log is not what it must be, `warning` that something does not stand or cannot be
 * told, `note` that it is as allowed but worth knowing. Proven by findings.spec.ts.
 */

/** S1 … S27 of the rules that make the proofs sound. */
export type Rule = `S${number}`;

export type Severity = 'error' | 'warning' | 'note';

export interface Finding {
  readonly severity: Severity;
  /** Log index of the event that it is about. */
  readonly index?: number;
  readonly rule: Rule;
  /** Stable, for programs. */
  readonly code: string;
  /** In English, for people: what was expected and what was there. */
  readonly detail: string;
}

export type FindingCounts = Readonly<Record<Severity, number>>;

/** Findings kept of each severity where nothing else is asked for. */
export const MOST_FINDINGS = 1_000;

const SEVERITIES = ['error', 'warning', 'note'] as const;

/**
 * Findings as they come, in any order: all are counted, and of each severity those with the lowest indexes are kept, so
 * that the first bad event is among them however many there are.
 */
export class Findings {
  readonly #kept = new Map<Severity, Finding[]>();
  readonly #counts: Record<Severity, number> = { error: 0, warning: 0, note: 0 };

  /** @param most kept of each severity */
  constructor(private readonly most = MOST_FINDINGS) {}

  get counts(): FindingCounts {
    return { ...this.#counts };
  }

  add(finding: Finding): void {
    this.#counts[finding.severity] += 1;
    this.#keep(finding);
  }

  error(rule: Rule, code: string, detail: string, index?: number): void {
    this.add({ severity: 'error', rule, code, detail, ...(index !== undefined && { index }) });
  }

  warning(rule: Rule, code: string, detail: string, index?: number): void {
    this.add({ severity: 'warning', rule, code, detail, ...(index !== undefined && { index }) });
  }

  note(rule: Rule, code: string, detail: string, index?: number): void {
    this.add({ severity: 'note', rule, code, detail, ...(index !== undefined && { index }) });
  }

  /** Adds another's, for example a worker's. */
  merge({ list, counts }: { readonly list: readonly Finding[]; readonly counts: FindingCounts }): void {
    for (const finding of list) this.#keep(finding);
    for (const severity of SEVERITIES) this.#counts[severity] += counts[severity];
  }

  /** Those that are kept: by index, those that are about the log as a whole first, the gravest first at one index. */
  list(): readonly Finding[] {
    return SEVERITIES.flatMap((severity) => this.#trimmed(severity)).sort(
      (a, b) => indexOf(a) - indexOf(b) || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
    );
  }

  #keep(finding: Finding): void {
    const kept = this.#kept.get(finding.severity) ?? [];
    kept.push(finding);
    this.#kept.set(finding.severity, kept);
    if (kept.length >= 2 * this.most) this.#kept.set(finding.severity, this.#trimmed(finding.severity));
  }

  #trimmed(severity: Severity): Finding[] {
    return [...(this.#kept.get(severity) ?? [])].sort((a, b) => indexOf(a) - indexOf(b)).slice(0, this.most);
  }
}

function indexOf({ index }: Finding): number {
  return index ?? -1;
}
