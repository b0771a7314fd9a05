/** The fields for trust files that a person adds: each is shown with its fingerprint and asked about before it counts. */
import { fingerprint } from '../../verification/trust.js';
import type { TrustFile } from '../../verification/bundle.js';
import { Code, Fact, html } from '../pages/components.js';
import { ProblemView } from '../pages/report-view.js';
import type { Lang } from '../pages/view-models.js';
import { fill, texts } from '../text/text.js';
import { element } from './dom.js';
import { readTrust, type Pins } from './pins.js';
import { PageProblem, problemText } from './problem.js';

/** A trust file lists some chains and keys. */
const MAX_BYTES = 1_000_000;

export interface TrustFieldsOptions {
  readonly lang: Lang;
  readonly pins: Pins;
  /** The saved file: without a pin nothing can be genuine, and it says so. */
  readonly isFile: boolean;
  /** Something more or less is relied on. */
  readonly onChange: () => void;
}

export function startTrustFields({ lang, pins, isFile, onChange }: TrustFieldsOptions): void {
  const t = texts(lang).verify;
  const list = element('pins', HTMLElement);
  const field = element('trust-file', HTMLInputElement);
  const ask = element('trust-ask', HTMLElement);

  function showPins(): void {
    const none = isFile
      ? html(
          <li class="note warn" safe>
            {t.trustNone}
          </li>,
        )
      : '';
    list.innerHTML = pins.all.length === 0 ? none : pins.all.map(({ trust }) => pinView(trust, lang)).join('');
    list.querySelectorAll('button').forEach((button, i) =>
      button.addEventListener('click', () => {
        pins.remove(pins.all[i]!.trust.origin);
        showPins();
        field.focus();
        onChange();
      }),
    );
  }

  function askAbout(trust: TrustFile): void {
    ask.innerHTML = html(<Question trust={trust} canKeep={pins.canKeep} lang={lang} />);
    const done = (): void => {
      ask.textContent = '';
      field.value = '';
      field.focus();
    };
    element('trust-no', HTMLButtonElement).addEventListener('click', done);
    element('trust-yes', HTMLButtonElement).addEventListener('click', () => {
      pins.add(trust, pins.canKeep && element('trust-remember', HTMLInputElement).checked);
      done();
      showPins();
      onChange();
    });
  }

  async function read(chosen: File): Promise<void> {
    try {
      if (chosen.size > MAX_BYTES) throw new PageProblem('badTrust', { detail: '> 1 MB' });
      askAbout(readTrust(await chosen.text()));
    } catch (error) {
      ask.innerHTML = html(ProblemView({ text: problemText(error, lang), lang }));
      if (!(error instanceof PageProblem)) console.error(error);
    }
  }

  field.addEventListener('change', () => {
    const chosen = field.files?.[0];
    if (chosen !== undefined) void read(chosen);
  });
  showPins();
}

function pinView({ origin }: TrustFile, lang: Lang): string {
  const t = texts(lang).verify;
  return html(
    <li>
      <span safe>{fill(t.trustPinned, { origin })}</span>{' '}
      <button type="button" class="link">
        <span aria-hidden="true" safe>
          {t.trustForget}
        </span>
        <span class="visually-hidden" safe>
          {fill(t.trustForgetOne, { origin })}
        </span>
      </button>
    </li>,
  );
}

function Question({ trust, canKeep, lang }: { trust: TrustFile; canKeep: boolean; lang: Lang }): JSX.Element {
  const t = texts(lang).verify;
  return (
    <div class="note" role="group" aria-labelledby="trust-question">
      <h3 id="trust-question" safe>
        {t.trustAsk}
      </h3>
      <p safe>{t.trustAskText}</p>
      <dl class="facts">
        <Fact term={t.trustOrigin}>
          <span safe>{trust.origin}</span>
        </Fact>
        <Fact term={t.trustFingerprint}>
          <Code value={fingerprint(trust)} />
        </Fact>
        <Fact term={t.trustChains}>
          <span safe>{trust.chains.map(({ name, chainId }) => `${name} (${chainId})`).join(', ')}</span>
        </Fact>
      </dl>
      {canKeep ? (
        <p>
          <label class="check">
            <input type="checkbox" id="trust-remember" /> <span safe>{t.trustRemember}</span>
          </label>
        </p>
      ) : (
        ''
      )}
      <p class="actions">
        <button type="button" id="trust-yes" safe>
          {t.trustYes}
        </button>
        <button type="button" id="trust-no" class="quiet" safe>
          {t.trustNo}
        </button>
      </p>
    </div>
  );
}
