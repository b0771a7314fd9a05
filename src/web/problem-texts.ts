/**
 * The texts of problems, in Swedish and English, by code. `{name}` is filled in from the error's parameters.
 * `problem.spec.ts` finds every code that the domain can refuse with and demands a text for it.
 */
import type { Language } from './language.js';
import type { AccessErrorCode } from './problem.js';

export interface ProblemText {
  readonly status: number;
  readonly sv: { readonly title: string; readonly detail: string };
  readonly en: { readonly title: string; readonly detail: string };
}

function text(status: number, sv: [string, string], en: [string, string]): ProblemText {
  return { status, sv: { title: sv[0], detail: sv[1] }, en: { title: en[0], detail: en[1] } };
}

/** Refusals of the domain. Codes that only our own processes can run into have none: those are bugs (500). */
export const DOMAIN_TEXTS: Readonly<Record<string, ProblemText>> = {
  outcomeNotMet: text(
    422,
    [
      'Läranderesultat är inte uppfyllda',
      'Läranderesultat {numbers} är inte bedömda som uppfyllda. Ett läranderesultat som utelämnas räknas aldrig som uppfyllt. Bedöm dem och skicka igen.',
    ],
    [
      'Learning outcomes are not met',
      'Learning outcomes {numbers} are not assessed as met. One that is left out never counts as met. Assess them and send again.',
    ],
  ),
  noMandate: text(
    403,
    [
      'Organisationen har inget mandat',
      'Organisationen {organisation} har inget gällande mandat att utfärda mikromeriten. Ägaren kan ge ett med POST …/mandates/{organisation}.',
    ],
    [
      'The organisation has no mandate',
      'Organisation {organisation} has no mandate in force to issue this micro-credential. Its owner can grant one with POST …/mandates/{organisation}.',
    ],
  ),
  versionNotPublished: text(
    409,
    [
      'Versionen är inte publicerad',
      'Version {version} är inte publicerad. Publicera utkastet först, eller ange en publicerad version.',
    ],
    [
      'The version is not published',
      'Version {version} is not published. Publish the draft first, or name a published version.',
    ],
  ),
  versionRetired: text(
    409,
    ['Versionen är avvecklad', 'Version {version} är avvecklad och kan inte utfärdas längre. Ange en senare version.'],
    ['The version is retired', 'Version {version} is retired and can no longer be issued. Name a later version.'],
  ),
  keyNotActive: text(
    409,
    ['Nyckeln är inte aktiv', 'Organisationen har ingen aktiv utfärdarnyckel ({kid}). Skapa en ny med POST …/keys.'],
    ['The key is not active', 'The organisation has no active issuing key ({kid}). Make a new one with POST …/keys.'],
  ),
  dataElementsMissing: text(
    422,
    ['Uppgifter saknas', 'Dessa obligatoriska uppgifter saknas: {elements}.'],
    ['Data elements are missing', 'These mandatory data elements are missing: {elements}.'],
  ),
  learningOutcomesMissing: text(
    422,
    ['Läranderesultat saknas', 'En mikromerit behöver minst ett läranderesultat.'],
    ['Learning outcomes are missing', 'A micro-credential needs at least one learning outcome.'],
  ),
  tooManyLearningOutcomes: text(
    422,
    ['För många läranderesultat', 'Det är {count} läranderesultat; en mikromerit har högst {most}. Dela upp den.'],
    [
      'Too many learning outcomes',
      'There are {count} learning outcomes; a micro-credential has at most {most}. Divide it.',
    ],
  ),
  levelOutOfRange: text(
    422,
    ['Nivån finns inte', 'Nivån finns inte i det angivna ramverket. EQF och SeQF har 1–8, QF-EHEA 0–3.'],
    ['There is no such level', 'The framework named has no such level. EQF and SeQF have 1–8, QF-EHEA 0–3.'],
  ),
  seqfNeedsDecision: text(
    422,
    [
      'SeQF-nivå kräver ett beslut',
      'En SeQF-nivå får bara anges där författning eller ett beslut ger den. Ange basis regulation eller decision, eller använd EQF.',
    ],
    [
      'A SeQF level needs a decision',
      'A SeQF level may be given only where regulation or a decision gives it. Give basis regulation or decision, or use EQF.',
    ],
  ),
  decisionMissing: text(
    422,
    ['Beslutet saknas', 'Ange vilket beslut som ger nivån (level.decision).'],
    ['The decision is missing', 'Name the decision that gives the level (level.decision).'],
  ),
  validityReversed: text(
    422,
    ['Giltigheten slutar innan den börjar', 'validUntil måste vara senare än validFrom.'],
    ['Validity ends before it begins', 'validUntil must be later than validFrom.'],
  ),
  periodReversed: text(
    422,
    ['Perioden slutar innan den börjar', 'Slutet måste vara senare än början.'],
    ['The period ends before it begins', 'The end must be later than the beginning.'],
  ),
  momentMalformed: text(
    422,
    [
      'Tidpunkten kan inte läsas',
      'Ange tidpunkten enligt ISO 8601 med sekunder och tidszon, till exempel 2026-01-31T12:00:00Z.',
    ],
    ['The moment cannot be read', 'Give it in ISO 8601 with seconds and time zone, for example 2026-01-31T12:00:00Z.'],
  ),
  outcomeOutOfRange: text(
    422,
    ['Läranderesultatet finns inte', 'Läranderesultat {number} finns inte; versionen har 1–{most}.'],
    ['There is no such learning outcome', 'There is no learning outcome {number}; the version has 1–{most}.'],
  ),
  assessedAhead: text(
    422,
    ['Bedömningen ligger i framtiden', 'Bedömningen {assessedOn} har inte skett än. Ange den dag då den gjordes.'],
    [
      'The assessment lies ahead',
      'The assessment of {assessedOn} has not taken place yet. Give the day on which it was made.',
    ],
  ),
  outcomeRepeated: text(
    422,
    [
      'Läranderesultatet är bedömt två gånger',
      'Läranderesultat {number} förekommer mer än en gång. Behåll en bedömning.',
    ],
    ['The learning outcome is assessed twice', 'Learning outcome {number} occurs more than once. Keep one assessment.'],
  ),
  personalNumberMalformed: text(
    422,
    ['Personnumret kan inte läsas', 'Ange tio eller tolv siffror, till exempel 19850709-9805.'],
    ['The personal number cannot be read', 'Give ten or twelve digits, for example 19850709-9805.'],
  ),
  personalNumberDate: text(
    422,
    [
      'Personnumrets datum finns inte',
      'Datumet i personnumret finns inte eller ligger i framtiden. Kontrollera numret.',
    ],
    [
      'The date in the personal number does not exist',
      'The date in the personal number does not exist or lies ahead. Check the number.',
    ],
  ),
  personalNumberChecksum: text(
    422,
    ['Personnumrets kontrollsiffra stämmer inte', 'Kontrollera numret: en siffra är fel.'],
    ['The check digit of the personal number is wrong', 'Check the number: a digit is wrong.'],
  ),
  organisationNumberMalformed: text(
    422,
    ['Organisationsnumret kan inte läsas', 'Ange tio siffror, till exempel 202100-2114.'],
    ['The organisation number cannot be read', 'Give ten digits, for example 202100-2114.'],
  ),
  organisationNumberChecksum: text(
    422,
    ['Organisationsnumrets kontrollsiffra stämmer inte', 'Kontrollera numret: en siffra är fel.'],
    ['The check digit of the organisation number is wrong', 'Check the number: a digit is wrong.'],
  ),
  soleTraderNumber: text(
    422,
    [
      'Numret är ett personnummer',
      'En enskild firmas nummer är ett personnummer och får inte stå i den öppna loggen. Enskilda firmor kan inte registreras.',
    ],
    [
      'The number is a personal number',
      "A sole trader's number is a personal number and must not stand in the public log. Sole traders cannot be registered.",
    ],
  ),
  organisationNumberFixed: text(
    409,
    [
      'Organisationsnumret kan inte ändras',
      'Ett annat nummer är en annan juridisk person. Registrera den som en ny organisation.',
    ],
    ['The organisation number is fixed', 'Another number is another legal person. Register it as a new organisation.'],
  ),
  nameLength: text(
    422,
    ['Namnets längd', 'Namnet ska ha 1–{most} tecken, fick {length}.'],
    ['Length of the name', 'The name must have 1–{most} characters, got {length}.'],
  ),
  organisationExists: text(
    409,
    ['Organisationen finns redan', 'Organisationen är redan registrerad.'],
    ['The organisation exists', 'The organisation is registered already.'],
  ),
  organisationUnknown: text(
    404,
    ['Organisationen finns inte', 'Kontrollera organisationens id.'],
    ['There is no such organisation', "Check the organisation's id."],
  ),
  organisationClosed: text(
    409,
    ['Organisationen är avslutad', 'En avslutad organisation kan inte göra det.'],
    ['The organisation is closed', 'A closed organisation cannot do that.'],
  ),
  didMismatch: text(
    500,
    ['DID stämmer inte', '{did} hör inte till {id}.'],
    ['The DID does not match', '{did} is not that of {id}.'],
  ),
  keyMalformed: text(
    422,
    ['Nyckeln kan inte läsas', 'Nyckeln {kid} är ingen Ed25519-nyckel i multibase.'],
    ['The key cannot be read', 'Key {kid} is no Ed25519 key in multibase.'],
  ),
  kidMismatch: text(
    422,
    ['Nyckelns id stämmer inte', 'Nyckelns id {kid} måste vara dess multibase-värde.'],
    ["The key's id does not match", "The key's id {kid} must be its multibase value."],
  ),
  keyAuthorisationMissing: text(
    422,
    [
      'Nyckelns innehavare har inte godkänt bytet',
      'Organisationen har själv nyckeln {kid}. Ett byte gäller bara med en signatur av den; se docs/formats.md 8.',
    ],
    [
      'The holder of the key has not agreed to the change',
      'The organisation itself holds the key {kid}. A change needs a signature of that key; see docs/formats.md 8.',
    ],
  ),
  keyAuthorisationInvalid: text(
    422,
    [
      'Godkännandet av bytet stämmer inte',
      'Signaturen är inte nyckeln {kid}:s över just detta byte. Har organisationen ändrats sedan dess? Signera igen.',
    ],
    [
      'The authorisation of the change is not right',
      'The signature is not that of the key {kid} over this very change. Has the organisation changed since? Sign again.',
    ],
  ),
  keyUsed: text(
    409,
    ['Nyckeln är redan använd', 'Nyckeln {kid} har redan tillhört organisationen. Skapa en ny.'],
    ['The key was used before', "Key {kid} has been the organisation's before. Make a new one."],
  ),
  keyUnknown: text(
    404,
    ['Nyckeln finns inte', 'Organisationen har ingen nyckel {kid}.'],
    ['There is no such key', 'The organisation has no key {kid}.'],
  ),
  fromIndexNeedsCompromise: text(
    422,
    ['fromIndex gäller bara röjda nycklar', 'Ange fromIndex bara tillsammans med orsaken compromised.'],
    ['fromIndex is for compromised keys', 'Give fromIndex only with the reason compromised.'],
  ),
  fromIndexOutOfRange: text(
    422,
    ['fromIndex ligger utanför loggen', 'fromIndex {fromIndex} är större än loggens storlek {logSize}.'],
    ['fromIndex is outside the log', "fromIndex {fromIndex} is larger than the log's size {logSize}."],
  ),
  definitionExists: text(
    409,
    ['Definitionen finns redan', 'Definitionen är redan skapad.'],
    ['The definition exists', 'The definition is created already.'],
  ),
  definitionUnknown: text(
    404,
    ['Definitionen finns inte', 'Kontrollera definitionens id.'],
    ['There is no such definition', "Check the definition's id."],
  ),
  creatorNotOwner: text(
    409,
    ['Utgivaren äger inte definitionen', 'Versionen måste ges ut av ägaren {owner}.'],
    ['The creator does not own the definition', 'The version must be published by its owner {owner}.'],
  ),
  visibilityNotOffered: text(
    422,
    [
      'Synligheten erbjuds inte',
      'Synligheten {visibility} erbjuds inte än: det som publiceras står öppet i loggen. Välj public eller unlisted.',
    ],
    [
      'The visibility is not offered',
      'Visibility {visibility} is not offered yet: what is published stands in the public log. Choose public or unlisted.',
    ],
  ),
  mandateInForce: text(
    409,
    ['Mandatet finns redan', 'Organisationen {organisation} har redan ett gällande mandat.'],
    ['The mandate exists', 'Organisation {organisation} has a mandate in force already.'],
  ),
  mandateUnknown: text(
    404,
    ['Mandatet finns inte', 'Det finns inget mandat {mandate}.'],
    ['There is no such mandate', 'There is no mandate {mandate}.'],
  ),
  mandateUsed: text(
    409,
    ['Mandatets id är använt', 'Mandatet {mandate} finns redan.'],
    ["The mandate's id is used", 'Mandate {mandate} exists already.'],
  ),
  mandateWithdrawn: text(
    409,
    ['Mandatet är återkallat', 'Mandatet {mandate} är redan återkallat.'],
    ['The mandate is withdrawn', 'Mandate {mandate} is withdrawn already.'],
  ),
  credentialExists: text(
    409,
    ['Mikromeriten är redan utfärdad', 'En utfärdad mikromerit utfärdas inte igen.'],
    ['The credential is issued already', 'An issued credential is not issued again.'],
  ),
  credentialUnknown: text(
    404,
    ['Mikromeriten finns inte', 'Kontrollera mikromeritens id.'],
    ['There is no such credential', "Check the credential's id."],
  ),
  issuanceVoided: text(
    409,
    [
      'Utfärdandet gäller inte',
      'Organisationen eller mikromeriten ändrades i samma stund. Utfärdandet hann in i loggen men gäller inte, och har ogiltigförklarats där. Skicka begäran igen, med en ny Idempotency-Key.',
    ],
    [
      'The issuance does not stand',
      'The organisation or the micro-credential changed at the same moment. The issuance reached the log but does not stand, and has been voided there. Send the request again, with a new Idempotency-Key.',
    ],
  ),
  credentialVoid: text(
    409,
    [
      'Utfärdandet gällde aldrig',
      'Utfärdandet byggde på en uppgift som just ändrats och gällde aldrig. Utfärda på nytt.',
    ],
    ['The issuance never stood', 'The issuance cited something that had just changed and never stood. Issue anew.'],
  ),
  credentialRevoked: text(
    409,
    ['Mikromeriten är återkallad', 'En återkallad mikromerit kan inte ändras. Utfärda en ny om det var fel.'],
    ['The credential is revoked', 'A revoked credential cannot change. Issue a new one if that was wrong.'],
  ),
  credentialSuspended: text(
    409,
    ['Mikromeriten är vilande', 'Mikromeriten är redan vilande.'],
    ['The credential is suspended', 'The credential is suspended already.'],
  ),
  credentialNotSuspended: text(
    409,
    ['Mikromeriten är inte vilande', 'Bara en vilande mikromerit kan återställas.'],
    ['The credential is not suspended', 'Only a suspended credential can be reinstated.'],
  ),
  holderErased: text(
    410,
    [
      'Innehavaren är raderad',
      'Uppgifterna om innehavaren är raderade och kan inte tas fram igen; dokumentet kan inte visas längre. Raden i loggen och dess kontrollsumma finns kvar: den som själv har sparat mikromeriten kan fortfarande kontrollera den.',
    ],
    [
      'The holder is erased',
      'What was known of the holder is erased and cannot be brought back; the document can no longer be shown. The entry in the log and its digest remain: whoever kept the credential can still check it.',
    ],
  ),
  erasureNotConfirmed: text(
    422,
    [
      'Raderingen är inte bekräftad',
      'En radering kan inte ångras. Skicka innehavarens id, {holder}, som confirm för att bekräfta den.',
    ],
    [
      'The erasure is not confirmed',
      'An erasure cannot be undone. Send the id of the holder, {holder}, as confirm to confirm it.',
    ],
  ),
  chainUnknown: text(
    404,
    ['Kedjan finns inte', 'Liggaren har ingen kedja med numret {chainId}.'],
    ['No such chain', 'The ledger has no chain with the id {chainId}.'],
  ),
  chainClosed: text(
    409,
    ['Kedjan är stängd', 'Kedjan {chainId} är stängd i loggen, och inget mer förankras på den. Välj en annan.'],
    [
      'The chain is closed',
      'Chain {chainId} is closed in the log, and nothing more is anchored on it. Choose another.',
    ],
  ),
  closeNotConfirmed: text(
    422,
    [
      'Stängningen är inte bekräftad',
      'En stängning kan inte ångras. Skicka kedjans namn, {name}, som confirm för att bekräfta den.',
    ],
    [
      'Closing is not confirmed',
      'Closing cannot be undone. Send the name of the chain, {name}, as confirm to confirm it.',
    ],
  ),
  chainNotCovered: text(
    409,
    [
      'Kedjan är inte täckt av en annan',
      'Blockens hashar för de {anchors} förankringarna på {name} ligger ännu inte under en slutgiltig förankring på en annan kedja. Ta bort kedjan ur CHAIN och starta om, så att den inte får fler förankringar. Förankra sedan på en annan (meritkedja reanchor), vänta tills det är slutgiltigt och försök igen. Är kedjan redan borta: skicka uncovered.',
    ],
    [
      'No other chain covers it',
      'The block hashes of the {anchors} anchors on {name} are not yet under a final anchor on another chain. Take the chain out of CHAIN and restart, so that it takes no more anchors. Then anchor on another (meritkedja reanchor), wait until that is final, and try again. If the chain is gone already, send uncovered.',
    ],
  ),
  notTheAnchorer: text(
    409,
    ['Fel förankrare', 'Kedjans förankrare är {anchorer}. Läs om den och försök igen.'],
    ['Not the anchorer', 'The anchorer of the chain is {anchorer}. Read it again and try again.'],
  ),
  presentKeyMissing: text(
    409,
    [
      'Den nuvarande nyckeln finns inte här',
      'Bytet ska signeras av {anchorer} också, och tjänsten har inte den nyckeln. Kör kommandot mot den process som förankrar på kedjan, med den nuvarande nyckeln inställd.',
    ],
    [
      'The present key is not here',
      'The change must be signed by {anchorer} too, and this service does not hold that key. Run the command against the process that anchors on the chain, with the present key configured.',
    ],
  ),
  anchorerUsed: text(
    409,
    ['Adressen är redan använd', 'Adressen {anchorer} har förankrat på den här kedjan förut. Använd en ny nyckel.'],
    ['The address was used before', 'The address {anchorer} has anchored on this chain before. Use a new key.'],
  ),
  rotationNotSigned: text(
    422,
    [
      'Bytet är inte signerat av båda',
      'Bytet från {previous} till {anchorer} ska vara signerat av båda. Använd meritkedja rotate-anchorer med den nya nyckeln.',
    ],
    [
      'The change is not signed by both',
      'The change from {previous} to {anchorer} must be signed by both. Use meritkedja rotate-anchorer with the new key.',
    ],
  ),
  idempotencyKeyReused: text(
    422,
    [
      'Idempotency-Key är redan använd',
      'Nyckeln {key} användes för en annan begäran. Använd en ny nyckel för en ny begäran.',
    ],
    ['The Idempotency-Key was used before', 'Key {key} was used for another request. Use a new key for a new request.'],
  ),
};

export const ACCESS_TEXTS: Readonly<Record<AccessErrorCode, ProblemText>> = {
  unauthenticated: text(
    401,
    ['Inloggning krävs', 'Skicka Authorization: Bearer med en giltig nyckel, eller logga in på /sign-in.'],
    ['Sign-in is required', 'Send Authorization: Bearer with a valid token, or sign in at /sign-in.'],
  ),
  forbidden: text(
    403,
    ['Inte tillåtet', 'Du är inloggad men har inte rätt att göra detta.'],
    ['Not allowed', 'You are signed in but may not do this.'],
  ),
  badToken: text(
    401,
    [
      'Nyckeln gäller inte',
      'Åtkomstnyckeln är okänd eller felskriven. I en lokal installation står den i filen admin-token i datamappen.',
    ],
    [
      'The token is not valid',
      'The access token is unknown or mistyped. In a local installation it is in the file admin-token of the data folder.',
    ],
  ),
  csrf: text(
    403,
    ['Formuläret gäller inte längre', 'Ladda om sidan och skicka formuläret igen.'],
    ['The form is no longer valid', 'Reload the page and send the form again.'],
  ),
};

/** Everything else. */
export const HTTP_TEXTS = {
  invalidInput: text(
    422,
    ['Uppgifterna kan inte användas', 'En eller flera uppgifter är fel; se errors. Inget har ändrats.'],
    ['The input cannot be used', 'One or more members are wrong; see errors. Nothing has changed.'],
  ),
  pdf: text(
    422,
    ['PDF:en kan inte kontrolleras', 'Skicka beviset som JSON i stället.'],
    ['The PDF cannot be checked', 'Send the proof as JSON instead.'],
  ),
  malformed: text(
    400,
    ['Begäran kan inte läsas', 'Innehållet är inte giltigt: {detail}'],
    ['The request cannot be read', 'The content is not valid: {detail}'],
  ),
  notFound: text(
    404,
    ['Finns inte', 'Det finns ingen {what} med id {id}.'],
    ['Not found', 'There is no {what} with id {id}.'],
  ),
  noSuchPage: text(
    404,
    [
      'Adressen finns inte',
      'Adressen leder ingenstans. Kontrollera den, eller börja på startsidan. API:et beskrivs på /docs.',
    ],
    [
      'There is no such address',
      'The address leads nowhere. Check it, or begin at the start page. The API is described at /docs.',
    ],
  ),
  readOnly: text(
    503,
    [
      'Liggaren kan just nu bara läsas',
      'Den är återställd från en äldre kopia än vad som är signerat eller förankrat. Sidor och bevis visas, inget kan ändras. Operatören lägger in den nyaste kopian, eller godtar förlusten med: meritkedja restore --accept-loss.',
    ],
    [
      'The ledger can only be read now',
      'It was restored from an older copy than what is signed or anchored. Pages and proofs are served, nothing can be changed. The operator restores the newest copy, or accepts the loss with: meritkedja restore --accept-loss.',
    ],
  ),
  methodNotAllowed: text(
    405,
    ['Metoden går inte att använda', 'Adressen finns, men inte för den här metoden; se /docs.'],
    ['Method not allowed', 'The address exists, but not for this method; see /docs.'],
  ),
  tooLarge: text(
    413,
    ['För stort', 'Begäran är större än tillåtet. Dela upp den.'],
    ['Too large', 'The request is larger than allowed. Divide it.'],
  ),
  unsupportedMediaType: text(
    415,
    ['Fel sorts innehåll', 'Skicka JSON i UTF-8, inte komprimerat, med Content-Type: application/json.'],
    ['Unsupported media type', 'Send JSON in UTF-8, not compressed, with Content-Type: application/json.'],
  ),
  preconditionFailed: text(
    412,
    [
      'Någon annan hann före',
      'Resursen har ändrats sedan du läste den (nu {current}). Läs den igen och gör om ändringen.',
    ],
    [
      'Somebody else was first',
      'The resource has changed since you read it (now {current}). Read it again and repeat your change.',
    ],
  ),
  conflict: text(
    409,
    ['Någon annan hann före', 'Resursen ändrades samtidigt. Försök igen.'],
    ['Somebody else was first', 'The resource was changed at the same time. Try again.'],
  ),
  staleRead: text(
    409,
    [
      'En uppgift har just ändrats',
      'Definitionen eller organisationen ändrades medan begäran behandlades. Försök igen.',
    ],
    [
      'Something has just changed',
      'The definition or the organisation changed while the request was handled. Try again.',
    ],
  ),
  clockSkew: text(
    503,
    [
      'Serverns klocka går fel',
      'Den skiljer sig {seconds} sekunder från blocken på {chain}, och loggen tillåter högst 120. Inget har skrivits. Operatören ställer klockan (chrony, systemd-timesyncd eller ntpd ska vara i gång); går den rätt är noderna i RPC_URLS fel. Försök sedan igen.',
    ],
    [
      'The server’s clock is wrong',
      'It is {seconds} seconds off the blocks of {chain}, and the log allows 120 at most. Nothing was written. The operator sets the clock (chrony, systemd-timesyncd or ntpd must run); if it is right, the endpoints in RPC_URLS are wrong. Then try again.',
    ],
  ),
  unavailable: text(
    503,
    ['Tjänsten är inte redo', 'Försök igen om en stund.'],
    ['The service is not ready', 'Try again in a moment.'],
  ),
  signerUnreachable: text(
    503,
    [
      'Organisationens signeringstjänst svarar inte',
      'Organisationen har själv nyckeln {kid}, och dess signeringstjänst svarar inte. Inget har utfärdats eller ändrats. Försök igen om en stund.',
    ],
    [
      'The organisation’s signer does not answer',
      'The organisation itself holds the key {kid}, and its signer does not answer. Nothing was issued or changed. Try again in a moment.',
    ],
  ),
  signerRefused: text(
    502,
    [
      'Organisationens signeringstjänst signerade inte',
      'Organisationen har själv nyckeln {kid}, och dess signeringstjänst gav ingen giltig signatur. Inget har utfärdats eller ändrats. Fråga organisationen.',
    ],
    [
      'The organisation’s signer did not sign',
      'The organisation itself holds the key {kid}, and its signer gave no valid signature. Nothing was issued or changed. Ask the organisation.',
    ],
  ),
  rebuilding: text(
    503,
    [
      'Tabellerna byggs om',
      'Tjänsten läser om sin logg ({percent} % klart) och kan svara när det är gjort. Inget är förlorat; försök igen om en stund.',
    ],
    [
      'The tables are being rebuilt',
      'The service reads its log anew ({percent} % done) and can answer when that is done. Nothing is lost; try again in a moment.',
    ],
  ),
  internal: text(
    500,
    [
      'Fel hos oss',
      'Något gick fel hos tjänsten; inget har gått förlorat. Försök igen, och hör av dig om det upprepas.',
    ],
    ['Our fault', 'Something went wrong in the service; nothing is lost. Try again, and tell us if it goes on.'],
  ),
} as const satisfies Readonly<Record<string, ProblemText>>;

/** Refinements of the input schemas that no rule of the domain repeats. */
const INPUT_TEXTS: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  repeated: { sv: 'Samma värde står två gånger; behåll ett.', en: 'The same value stands twice; keep one.' },
  workloadMissing: { sv: 'Ange hours, ects eller båda.', en: 'Give hours, ects or both.' },
  creditsMalformed: {
    sv: 'Ange poängen som ett tal över 0 med högst två decimaler.',
    en: 'Give the credits as a number above 0 with at most two decimals.',
  },
  signerUrl: {
    sv: 'Ange en https-adress utan namn, lösenord och fragment; http går bara till den egna maskinen (127.0.0.1, ::1, localhost).',
    en: 'Give an https URL without user, password and fragment; http goes to the own machine alone (127.0.0.1, ::1, localhost).',
  },
  keyOutside: {
    sv: 'Med custody "organisation" behövs publicKeyMultibase och signer, annars ingetdera.',
    en: 'With custody "organisation" both publicKeyMultibase and signer are needed, else neither.',
  },
  tooSmall: { sv: 'Talet är för litet.', en: 'The number is too small.' },
  tooBig: { sv: 'Talet är för stort.', en: 'The number is too big.' },
};

/** What is wrong with a member, by the code of its refinement; undefined for codes that have no text without values. */
export function inputText(code: string, language: Language): string | undefined {
  const own = Object.hasOwn(INPUT_TEXTS, code) ? INPUT_TEXTS[code]?.[language] : undefined;
  const detail = own ?? (Object.hasOwn(DOMAIN_TEXTS, code) ? DOMAIN_TEXTS[code]?.[language].detail : undefined);
  return detail?.includes('{') ? undefined : detail;
}
