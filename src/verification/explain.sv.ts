/** Svenska texter till verifieringsrapporten. */
import type { Texts } from './explain.js';

const INCOMPLETE = 'Beviset är ofullständigt. Be om bevispaketet på nytt, av den som gav dig det eller från liggaren.';
const TAMPERED = 'Mikromeriten eller dess bevis har ändrats eller satts ihop fel. Lita inte på den; be om originalet.';
const NOT_ISSUED = 'Lita inte på den; fråga den utfärdare som anges.';

export const SV: Texts = {
  checks: {
    format: {
      title: 'Form',
      what: 'Filen ska vara ett bevis eller ett bevispaket som går att läsa.',
      failure: 'Då kan inget annat i filen kontrolleras. Be om den på nytt.',
    },
    integrity: {
      title: 'Signatur och innehåll',
      what: 'Mikromeriten ska vara exakt den som signerades och vars fingeravtryck finns i liggarens logg.',
      failure:
        'Innehållet har ändrats efter att det signerades, eller så är signaturen någon annans. Då kan du inte lita på något som står där.',
    },
    issuer: {
      title: 'Utfärdare',
      what: 'Nyckeln som signerade ska vara den utfärdande organisationens och ha gällt när mikromeriten utfärdades.',
      failure:
        'Någon annan än organisationen har signerat, eller så gällde inte nyckeln. Då är mikromeriten inte utfärdad av den organisation som anges.',
    },
    mandate: {
      title: 'Rätt att utfärda',
      what: 'Organisationen ska äga mikromeriten eller ha haft rätt att utfärda den vid den tidpunkten.',
      failure: 'Organisationen hade inte rätt att utfärda just den här mikromeriten, så den räknas inte.',
    },
    definition: {
      title: 'Definition',
      what: 'Läranderesultaten ska vara de som står i en publicerad version som användes när mikromeriten utfärdades.',
      failure:
        'Läranderesultaten är inte de som ägaren har publicerat, så mikromeriten visar något annat än den säger.',
    },
    logInclusion: {
      title: 'Logg',
      what: 'Utfärdandet ska stå i liggarens offentliga logg, under dess signerade huvud.',
      failure: 'Inget visar att utfärdandet är gjort öppet. Det kan ha gjorts i smyg eller i efterhand.',
    },
    anchor: {
      title: 'Förankring',
      what: 'Loggens huvud ska vara förankrat på en kedja, i ett block som är slutgiltigt.',
      failure: 'Inget utanför liggaren bekräftar loggen. Den som driver liggaren skulle då kunna ha skrivit om den.',
    },
    status: {
      title: 'Status',
      what: 'Mikromeriten ska varken vara återkallad eller tillfälligt stoppad.',
      failure: 'Utfärdaren har tagit tillbaka eller stoppat mikromeriten. Den gäller inte, även om den är äkta.',
    },
    validity: {
      title: 'Giltighetstid',
      what: 'Dagens datum ska ligga inom mikromeritens giltighetstid.',
      failure: 'Mikromeriten gäller inte i dag, även om den är äkta.',
    },
  },
  outcomes: {
    pass: 'i ordning',
    fail: 'inte i ordning',
    unknown: 'kunde inte kontrolleras',
    skipped: 'inte kontrollerat',
  },
  verdicts: {
    valid: { title: 'Giltigt', text: 'Äkta, i kraft och förankrat.' },
    notInForce: {
      title: 'Inte i kraft',
      text: 'Mikromeriten är återkallad, tillfälligt stoppad, har gått ut eller gäller inte än. Se läget, och de enskilda kontrollerna för vad som i övrigt har visats.',
    },
    pending: {
      title: 'Väntar',
      text: 'Äkta och loggat; förankringen på kedjan är inte slutgiltig än. Kontrollera igen senare.',
    },
    undetermined: {
      title: 'Oavgjort',
      text: 'Inget talar emot, men något kunde inte kontrolleras. Kontrollerna säger vad, och hur du kommer vidare.',
    },
    invalid: { title: 'Ogiltigt', text: 'Detta är inte vad som utfärdades. Lita inte på det.' },
  },
  phrases: {
    'whoever runs the ledger, who holds this organisation’s signing key':
      'den som driver liggaren, som förvarar organisationens signeringsnyckel',
    'the organisation, which holds its signing key itself': 'organisationen, som själv förvarar sin signeringsnyckel',
    'the log’s key in the pinned trust file': 'loggens nyckel i den förtroendefil som du har valt',
    'block hash': 'blockets hash',
    'pinned by the verifier': 'angiven av den som kontrollerar',
    'in the list of block hashes': 'i listan över blockhashar',
    'as the chain’s node answered': 'enligt svar från kedjans nod',
    'whoever runs the ledger, to have logged what it was told':
      'den som driver liggaren, att ha loggat det som anmälts',
    'the clock used': 'klockan som användes',
    'The proof is newer than the date asked about: what it says of status is as of the proof, and may have been otherwise on that date (soundness rule S11).':
      'Beviset är nyare än det datum som frågan gäller: vad det säger om läget gäller när beviset gjordes, och det kan ha varit annorlunda den dagen (regel S11).',
    'The chain has closed: the anchor is proven by the block’s header and the receipt in it, and the block’s hash by whoever kept it (soundness rule S10).':
      'Kedjan har stängts: förankringen bevisas av blockets huvud och kvittot i det, och blockets hash av den som har sparat den (regel S10).',
    'A list of block hashes was fetched from the ledger itself: it is worth the operator’s word (soundness rule S10).':
      'En lista över blockhashar hämtades från liggaren själv: den är värd operatörens ord (regel S10).',
    'The chain is the operator’s own: it shows how anchoring works, and proves no time (soundness rule S10).':
      'Kedjan är operatörens egen: den visar hur förankring går till, och bevisar ingen tid (regel S10).',
    'further proof(s) of the credential: not checked, and their signatures are not anchored.':
      'ytterligare signatur(er) på beviset: inte kontrollerade, och inte förankrade.',
  },
  codes: {
    notJson: 'Filen innehåller inget JSON-dokument. Använd beviset eller bevispaketet så som det laddades ner.',
    tooLarge: 'Filen är större eller djupare än någon verklig. Den lästes inte.',
    notACredential:
      'Detta är varken ett W3C Verifiable Credential (version 2) eller ett bevispaket. Välj en annan fil.',
    credentialMalformed: `En uppgift i beviset saknas eller är av fel slag. ${TAMPERED}`,
    bundleMalformed: `En uppgift i bevispaketet saknas eller är av fel slag. ${TAMPERED}`,
    entryMalformed: `En loggpost i paketet har inte den form som loggen har. ${TAMPERED}`,
    leafMalformed: `En del av lägesposten har inte den form som den ska ha. ${TAMPERED}`,
    unsupportedVersion:
      'Bevispaketet, eller en loggpost i det, är av en senare version än den här kontrollen känner till. Använd en nyare.',
    notCanonical: `Beviset innehåller text eller tal som saknar entydig form, så det kan inte ha signerats så. ${TAMPERED}`,
    proofMissing: `Mikromeriten saknar signatur. ${NOT_ISSUED}`,
    proofMalformed: `Mikromeritens signaturer går inte att läsa. ${TAMPERED}`,
    proofTwice: `Mikromeriten bär två signaturer av det slag som bara får finnas en gång. ${TAMPERED}`,
    proofChain: `Signaturen bygger på en annan signatur, vilket inte är tillåtet här. ${TAMPERED}`,
    proofSuite:
      'Mikromeriten är signerad på ett annat sätt än liggarens. Kontrollera den med utfärdarens eget verktyg.',
    verificationMethod: `Signaturen anger inte sin nyckel på liggarens sätt. ${TAMPERED}`,
    keyNotKnown: 'Nyckeln skulle behöva hämtas från annat håll. Be om bevispaketet, som innehåller den.',
    signature: `Signaturen passar inte till mikromeriten. ${TAMPERED}`,
    digestMismatch: `Mikromeriten är inte den vars fingeravtryck finns i loggen. ${TAMPERED}`,
    idMismatch: `Mikromeriten har ett annat id än utfärdandet i loggen. ${TAMPERED}`,
    validFromMismatch: `Mikromeriten börjar gälla vid en annan tid än loggen säger. ${NOT_ISSUED}`,
    validUntilMismatch: `Mikromeriten slutar gälla vid en annan tid än loggen säger. ${NOT_ISSUED}`,
    statusMismatch: `Mikromeriten pekar på en annan plats i statuslistorna än loggen säger. ${NOT_ISSUED}`,
    issuerMismatch: `Utfärdaren i mikromeriten är inte den organisation som står i loggen. ${NOT_ISSUED}`,
    keyMismatch: `Den signerades med en annan nyckel än loggen säger. ${NOT_ISSUED}`,
    keyUnknown: `Nyckeln har aldrig varit den här organisationens. ${NOT_ISSUED}`,
    keyNotYetInForce: `Nyckeln började gälla först efter att mikromeriten utfärdades. ${NOT_ISSUED}`,
    keyEnded: `Nyckeln gällde inte längre när mikromeriten utfärdades. ${NOT_ISSUED}`,
    keyCompromised:
      'Utfärdarens nyckel hade kommit i orätta händer när mikromeriten utfärdades, så den står sig inte. Be utfärdaren om en ny.',
    organisationClosed: `Organisationen hade avslutats innan mikromeriten utfärdades. ${NOT_ISSUED}`,
    organisationReadStale:
      'Utfärdandet byggde på uppgifter om organisationen som redan var inaktuella, så det står sig inte. Be utfärdaren om ett nytt.',
    notOwner: `Organisationen ägde inte mikromeriten när den utfärdade detta. ${NOT_ISSUED}`,
    mandateUnknown: `Den rätt att utfärda som anges har aldrig getts. ${NOT_ISSUED}`,
    mandateOther: `Den rätt att utfärda som anges är en annan organisations. ${NOT_ISSUED}`,
    mandateNotInForce: `Rätten att utfärda gällde inte på den plats i loggen där detta utfärdades. ${NOT_ISSUED}`,
    mandateOutsideDates: `Rätten att utfärda gäller andra datum än utfärdandedagen. ${NOT_ISSUED}`,
    definitionOther: `Beviset bär en annan definition än den som utfärdandet anger. ${TAMPERED}`,
    versionUnknown: `Liggaren känner inte till någon sådan publicerad version. ${NOT_ISSUED}`,
    versionLater: `Versionen publicerades först efter att mikromeriten utfärdades. ${NOT_ISSUED}`,
    versionRetired: `Versionen hade tagits ur bruk innan mikromeriten utfärdades. ${NOT_ISSUED}`,
    contentSealed: 'Definitionen är intern hos sin ägare, så dess text kan inte jämföras här. Fråga utfärdaren.',
    achievementMismatch: `Läranderesultat eller annat innehåll skiljer sig från den publicerade definitionen. ${NOT_ISSUED}`,
    definitionReadStale:
      'Utfärdandet byggde på uppgifter om definitionen som redan var inaktuella, så det står sig inte. Be utfärdaren om ett nytt.',
    notLogged: `Liggarens hela logg har gåtts igenom och innehåller inget sådant utfärdande. ${NOT_ISSUED}`,
    checkpointMalformed: `Loggens signerade huvud går inte att läsa. ${TAMPERED}`,
    checkpointSignature: `Loggens huvud är inte signerat med en nyckel som du litar på. Har liggaren bytt nyckel sedan du sparade dess förtroendefil, jämför den med liggarens egen i dag. Annars: ${TAMPERED}`,
    checkpointKeyNotInForce: `Loggens huvud är signerat med en av liggarens nycklar som inte användes när loggen hade så många poster. ${TAMPERED}`,
    originMismatch: `Huvudet hör till en annan logg än paketet säger. ${TAMPERED}`,
    issuedNotIncluded: `Det är inte visat att utfärdandet finns i loggen. ${TAMPERED}`,
    definitionNotIncluded: `Det är inte visat att definitionen finns i loggen. ${TAMPERED}`,
    standingNotIncluded: `Det är inte visat att posten om nycklar, rättigheter och status finns i loggen. ${TAMPERED}`,
    leafNotIncluded: `Det är inte visat att en nyckel, rättighet eller statuslista finns i lägesposten. ${TAMPERED}`,
    standingNotLast: `Lägesposten är inte den sista posten under förankringen, så något kan ha ändrats efter den. ${TAMPERED}`,
    standingSize: `Lägesposten passar inte till sin plats i loggen. ${TAMPERED}`,
    notAnchoredYet: 'Det är loggat men inte förankrat än. Kontrollera igen om en stund, med ett nytt bevispaket.',
    notFinalYet: 'Blocket med förankringen är inte slutgiltigt än. Kontrollera igen om en stund.',
    chainNotPinned:
      'Din förtroendefil nämner inte den här kedjan. Hämta liggarens nyaste förtroendefil på ett sätt som du litar på.',
    contractNotPinned: `Förankringen finns i ett annat kontrakt än det som du litar på. ${TAMPERED}`,
    anchorerNotPinned: `Förankringen skrevs från en adress som du inte litar på. Har liggaren bytt förankringsnyckel sedan du sparade dess förtroendefil, jämför den med liggarens egen i dag. Annars: ${TAMPERED}`,
    blockTooEarly: `Förankringens block är äldre än liggarens förankringar. ${TAMPERED}`,
    receiptProof: `Beviset från förankringen till dess block håller inte. ${TAMPERED}`,
    anchoredRoot: `Det som är förankrat är ett annat huvud än det i paketet. ${TAMPERED}`,
    anchorerNotInForce: `Förankringen skrevs från en adress som inte var liggarens förankrare vid den tiden. ${TAMPERED}`,
    chainClosed:
      'Förankrat på en kedja som har stängts: blockets huvud och kvittot bevisar förankringen, men ingen fanns till hands som kunde bekräfta blockets hash. Ta den från liggarens publicerade lista eller från någon som har sparat den, eller hämta ett nyare bevis från liggaren, som leder till en kedja som lever.',
    blockHashMissing:
      'Ingen har sagt vilken hash blocket har. Ange blockets hash från en källa som du litar på (på kommandoraden --block-hash, eller --rpc med en nod i kedjan).',
    blockHashDiffers: `Kedjan har ett annat block på den höjden. ${TAMPERED}`,
    chainUnreachable: 'Kedjan kunde inte nås. Försök igen, med en annan nod, eller med blockets hash från annat håll.',
    firstAnchorCheckpoint: `Huvudet under den första förankringen går inte att lita på. ${TAMPERED}`,
    firstAnchorInconsistent: `Det är inte visat att loggen under den första förankringen är början på den här. ${TAMPERED}`,
    firstAnchorProof: `Beviset för den första förankringen håller inte. ${TAMPERED}`,
    revoked: 'Beviset har återkallats av utfärdaren. Liggarens sida för det säger varför.',
    suspended: 'Beviset är tillfälligt stoppat. Fråga innehavaren eller utfärdaren.',
    statusListMissing: INCOMPLETE,
    statusListMismatch: `Statuslistan är inte den som loggen binder sig till. ${INCOMPLETE}`,
    statusListOther: `Statuslistan är inte den här utfärdarens eller inte för det här ändamålet. ${INCOMPLETE}`,
    statusTooOld:
      'Det som är känt om statusen är för gammalt för att lita på. Be om ett nytt bevispaket, eller godta ett äldre (--max-status-age).',
    notYetValid: 'Det gäller inte än.',
    expired: 'Giltighetstiden har gått ut. Fråga om det har förnyats.',
    noProof:
      'Beviset kom utan sitt bevispaket. Be om paketet, eller kontrollera det hos den liggare som utfärdade det.',
    untrusted:
      'Du har inte valt att lita på den här liggaren. Hämta dess förtroendefil på ett sätt som du litar på, jämför fingeravtrycket och lägg till den (på kommandoraden: meritkedja trust add).',
    restsOnLog: 'Det vilar på loggen, som inte visats innehålla det.',
    standingMissing: `Lägesposten saknas: den kommer när loggen förankras nästa gång. ${INCOMPLETE}`,
    standingTooOld:
      'Den nyaste lägesposten är äldre än utfärdandet och känner inte till allt som det vilar på. Kontrollera igen när loggen har förankrats.',
    leafMissing: INCOMPLETE,
    notReached: 'En tidigare kontroll lämnade inget att titta på.',
  },
};
