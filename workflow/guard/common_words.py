"""Words that name nobody by themselves: by these the guard knows a generic name.

"Bakkerij De Zon" is somebody, "De Bakker" and "zon" are not. No list is complete: a word that lacks
costs an approver one look too many, a word too many costs a name that is found only beside its
legal form. So: words that are common in the mail and papers of an office, and the names that many
people have. Folded as guard.fold_text does, lower case.
"""

from __future__ import annotations

_FILLERS = """
a aan an and at bij by d de den der des dhr dr drs du e een en for heer het in ing ir l la le les met mevr mevrouw mr
mrs ms of om op over prof s t te ten ter the to tot uit und van vd von voor y
"""

FILLERS = frozenset(_FILLERS.split())
"""Say nothing in any name."""

_TRADES = """
aannemer aannemersbedrijf accountancy accountants accountantskantoor administratie administratiekantoor advies
adviesbureau adviseurs advocaten advocatenkantoor apotheek architecten architectenbureau assurantien autobedrijf bakery
bakkerij bank beheer beheermaatschappij beleggingen beleggingsmaatschappij benelux bloemen bloemist boekhandel bouw
bouwbedrijf bouwmaterialen brasserie cafe camping catering club company consultancy consultants consulting cooperatie
dakdekkers detailhandel dierenarts dierenkliniek drukkerij eetcafe elektra elektrotechniek europa europe evenementen
exploitatie exploitatiemaatschappij export fietsen fietsenwinkel finance financial financien fysiotherapie garage gebr
gebroeders gemeente gezondheidszorg glas glaszetter groep grondverzet groothandel group handel handelsmaatschappij
handelsonderneming holding holland hotel hovenier hoveniers hoveniersbedrijf huisarts huisartsen huisartsenpraktijk
import industrie industries installatie installatiebedrijf installaties interieur internationaal international internet
invest investments juwelier kapper kappers kapsalon kerk kinderopvang klusbedrijf klussenbedrijf koeriers kwekerij
kwekerijen lasbedrijf logistics logistiek loodgieter loonbedrijf maatschap machinebouw makelaar makelaardij makelaars
management marketing materieel media melkveebedrijf metaal metaalbewerking meubelen montage nederland netherlands
notaris notariskantoor onderhoud onderneming ondernemingen onroerend ontwikkeling opleidingen optiek participaties
partners pensioen pluimveebedrijf praktijk productie producties projecten projectontwikkeling psychologenpraktijk
reclame reizen restaurant retail rijschool schilder schilders schildersbedrijf scholen school schoonmaak
schoonmaakbedrijf service services shop slager slagerij slagerijen software solutions speelgoed sport sportschool stal
stichting stukadoors stukadoorsbedrijf supermarkt systemen systems tandarts tandartsen tandartspraktijk taxi techniek
technologie technology tegels textiel timmerbedrijf timmerwerken trading training trainingen transport transportbedrijf
tuincentrum tuinen uitgeverij uitvaart uitzendbureau vastgoed veehandel vereniging verhuur verhuurbedrijf verkoop
verzekeringen visserij vof webdesign webshop webwinkel welzijn werken winkel winkels woningen zn zonen zoon zorg
zorggroep zorgverlening
"""

TRADES = frozenset(_TRADES.split())
"""What somebody does; with any other word it is a name, alone it is a trade."""

_COMMON = """
aandeel aandelen aangifte aanslag aarde absence academy accent access accord account accountant accounts achter actief
action activa active activities activity actual actueel addendum address adres advance advantage adventure adviseur
advisor advisory agency agenda agent agreement agro ahmed akkoord alarm album alert alfa algemeen ali alice alkmaar
alliance allowance almere alpha alternative amersfoort amount amsterdam analyse analysis anchor angle anker anna annex
annual answer antwoord apeldoorn apex appel appendix applaus application apply approach approval approved april arbeid
arch archief archive area arena arnhem arrow artikel aspect assembly assen asset assets assist associate associates
association atelier atlas atmosphere attachment attention audit auditor august augustus aurora author authority auto
autumn avenue average avond avontuur award awards baan bakker balance balans balloon band banner barometer bas base
basic basics basis beacon beam beat beauty bedrag bedrijf beek been begin beginning begroting behandeling beheerder
belang belasting beleid belief belofte benchmark benefit berg bericht beroep besluit best beste bestuur bestuurder beta
betaling beter betrouwbaar beurs bewijs bewoner bezoek bezwaar bibliotheek bijdrage bijlage bijzonder bill bird birth
black blad blauw blauwe blend block bloei bloem blog blom blue board boat body boek boekhouding boekjaar boer boerderij
bonus book booking boom boost boot border bos bosman boss bottom boulevard boven brain bram branch branche brand bravo
bread break breda breeze bridge brief bright briljant broadcast broek broker bron brother brouwer brown brug bruijn
bruin bruto bubble budget buffer build builder builders building buiten bull bundel bureau burger business button buurt
buyer calculation calendar call campaign campus candidate candle canvas capacity capital card care career cargo carrier
case cash castle catalogus catalyst category cause cell center centraal central centre centrum century certain
certificate chain chair challenge champion chance change channel chapter character charge chart charter check checklist
chef child choice choose church cijfer circle circuit citizen city claim class classic classification clean clear
clearance click client climate climb clock close closing cloth cloud cluster coach coaching coast code coffee collect
collection collective college colour combi comfort command comment commerce commercial commissie commission commitment
committee common communicatie communication communications community compact compagnie companion compare compass
compensation competence complete compliance component computer concept conclusion condition conference confidence
connect connected connection consensus conservation construct construction consult consultant consumer contact content
contest continent continu contract contractor contrast contribution control controle convention conversion cooperation
copy core cornelis corner corporate correct correction correspondentie cost costs council counter country courage
courier course court cover craft create creatief creation creative creator creators credit crew crisis criteria cross
crown crystal culture cultuur current curve custom customer customers cycle daan dag dagen daily dak dal dam damage
dance danger dashboard data datum david davies dawn days deadline deal dealer dean debate debet debiteur debt decade
december decision declaration deel deelnemer deep default defence degree dekker delft delivery delta demand department
deposit depot depth derde design deskundig destination detail details deur develop developer development deventer device
devil deze dialog dialogue dienst diensten dienstverlening digest digitaal digital dijk dijkstra dimension dinner
dinsdag direct directeur directie direction director directors directory dirk discount discover discovery discussion
display distance distribution district dividend division doctor document documenten doel dokter donation donderdag
donker door dordrecht dorp dossier double download draft dragon drama dream dreams dress drie driessen drink drive
driver drop dubbel duin duurzaam dynamic dynamics eagle early earn earth ease east easter easy echo echt eclipse eco
economie economy edge edition editor educatie education eerlijk eerste effect effective efficient effort eigen eight
eiland einde eindhoven eindrapport element elements elite ellen embassy emergency emma emotion empire employee employer
employment empty enable energie energy engage engine engineer engineering engineers enquiry enschede enter enterprise
enterprises entertainment entrance entry envelope environment epic episode equal equipment equity eric erik error escape
essence essential estate esther estimate eten eternal ethos european eva evaluatie evaluation evans evening event events
evers every evidence evolution example excellence excellent exception excess exchange exclusive executive exercise exit
expense expenses experience experiment expert experts explore explorer exposure express extension external extra fabriek
face facilitair facilities facility fact factor factory factuur faculty fair faith fall fame familie families family
farm farmer fashion fast fatima fatma favour feature februari february feedback feel feest fellow female ferry festival
field fiets figure figures fijn file final finale finding finish finn fire firma first fiscaal fiscal fish fitness five
flag flame flat fleet flex flight floor flora flow flower fluid focus fold folder follow fonds food foot football force
forecast forest form format formation formula formulier fort fortune forum forward foundation founder four frame
framework frank frans freedom freight frequency fresh friday fris front fruit fuel full function fund funding furniture
fusion futura future gain galaxy gallery game ganzen garant garantie garden gas gate gateway gather gear gebied gebouw
gebruik gedachte geel geheim geld geluk gemak gemeenschap general generatie generation genesis genius gerard gerritsen
gesprek gezond gezondheid gids gift girl glance glass global globe glory goal goals goed goede gold good goods goud
gouda gouden governance government graaf graaff graan grace grade graduate grain grand grant graph gratis gravity great
green grens grid grip groen groene grond groningen groot grote ground grounds groups grow growth guarantee guard
guardian guest guidance guide guideline guild haan haarlem haas half hall hand handle handleiding hans harbour hard
harmonie harmony hart harvest hassan haven head heading headline health healthcare hearing heart heat heaven hedge heide
heijden helder helmond help hemel hendriks hengelo henk herfst heritage hermans hero hert heuvel high highlight highway
hill hilversum history hive hoek hoekstra hof hole holiday home homes hond honey honour hoofd hoog hoop hope horizon
horizont horse hospital host hour hours house household hout huis huisman huisvesting hulp human hunter huur hypotheek
icon idea ideaal idee identity image imagine impact impression improve improvement inbox incident income increase index
individual industrial industry infinity inflow info inform informatie information infra infrastructure ingang ingrid
initiatief initiative inkomen inkomsten inkoop inner innovatie innovation innovations input inquiry inside insight
insights inspectie inspection inspiratie inspiration inspire instant institute institution instroom instruction
instrument insurance integer integraal integration integrity intelligence intent interactive interest interface interim
internal interpretation interval interview intro introduction inventaris inventory investment investor invitation
invoice inzicht iron island issue item items jaar jaargang jaarlijks jaarrekening jaarverslag jacht jacob jacobs james
jan janse jansen janssen januari january jeroen jesse jobs johan johannes john join joint jones jong jonge joost journal
journey judge judgment juli julia july jump junction june juni junior jury just justice kaart kader kamer kanaal kans
kantoor kapitaal kapitein karakter karel karin kasteel kaya kees kennis kern kerst keten keuken keuze key kijk kilometer
kind kinderen king kingdom kiosk kitchen klaar klaas klacht klant klasse klein kleine kleur klimaat klok klus knowledge
koe koers koffie kok kompas koning koper kopie korting kosten koster kracht kramer krant krediet kring kroon kruis
kuiper kuipers kunst kust kwaliteit kwartaal label labour lake lamp land landscape landschap lang lange language large
lars laser last later launch lawyer layer lead leader leaders leadership leaf league learn learning lease leasing ledger
leer leeuw leeuwarden leeuwen left legacy legal legend leiden leiding lening lens lente lesson letter level leven
leverancier levering levi liaison liberty library licence license licht liefde life lift light lighthouse lijn lijst
limit linda linde linden line lines link lion liquid lisa list literature literatuur little live living load loan lobby
local locatie location lock lodge loft logic logica logo lokaal loket london long look loon loop lotte lotus love loyal
lucas lucht lucky lunar lunch luuk luxury maan maand maandag maart maarten maas maastricht machine macro magazijn
magazine magic magneet main maintain maintenance major maker makers male manager manual manufacturing maple marathon
marc march margin maria marieke marina marine mark marker market marketplace markt martens martijn mary master masters
match materiaal material materials matrix matter maximum may mayor meaning measure mechanic medal medewerker mediator
medical medicine medium meer meester meeting meetings mehmet mei meijer meld member members membership memo memory mens
mensen mental menu merchant mercury merge meridian merit message metal meter method methode metro meyer michael michiel
micro midden middle midpoint migratie mijn mila mile milestone milieu military mill miller million mind minder mine
mineral minimum mining minister minor mint minute minutes mirror mission mist mixed mobiel mobile mobility mode model
modern module mohamed mohammed molen molenaar moment momentum monday monique monitor monitoring monthly monument mood
mooi moon morgen morning mosaic mother motion motivatie motor motto mountain mouth move movement mulder multi museum
music mutatie mutual muur muziek mystery myth naam nacht name narrative nation national native nature natuur navigator
nederlandse need negen nest netto network networks neutral new news next nexus nieuw nieuwbouw nieuwe nieuws nieuwsbrief
night nijmegen nine noah nobel noble node noise nominee noord noorden nora norm normal north nota note notes notice
notification notitie notulen nova novel november nucleus number numbers nurse oasis object objective observation
occasion ocean ochtend october octopus oefening offer offers offerte office officer official okafor oktober olie olive
omega omgeving omloop omslag omzet omzetbelasting onder onderwijs one ons oogst ooievaar oorsprong oost oosten opbrengst
opdracht open openbaar opening opera operation operations operator opinion oplossing opportunities opportunity optic
optical optie optima optimaal optimum optimus option options oracle orange oranje orbit orchard orde order orders ordner
organisatie organisation organization orient origin original oud oude outcome outlet outline outlook output outside
overdracht overeenkomst overheid overig overleg overview overzicht owner oxygen paard pact pagina paint pakket palace
palet panel panorama paper papers papier parade paradigm paradise paragraph parent park parking part participant partij
partner partnership party pas passage passie passion past patent path patient pattern paul pause payment payments
payroll peak pearl peeters pennant pension people percent perfect performance period periode perioden permit person
personal personeel personnel persoonlijk perspectief perspective peter peters petition petra phase phoenix phone photo
phrase piano picture piece piet pijler pilot pinnacle pioneer pipeline pitch pixel place plan planet planner planning
plant plate platform play player plaza pleasure plein plot plus podium poetry point polar policies policy polis
political politiek pool poort portal portfolio position positive post postma power practice praktisch precision
preference prelude premie premium preparation presence present presentatie presentation president press pressure
prestige prevention preview price pricing pride prima primary prime prince principle prins print prior prioriteit
priority prism prison private prive prize pro probleem problem procedure proces process producer product production
products profession professional professionals profiel profile profit program programma programme progress progressie
project projects promise promotion proof property proposal proposition prospect prosperity protect protection protocol
prototype proud provider province provincie provision public publicatie publication pulse punt purchase pure purpose
puzzle pyramid quadrant qualified quality quantum quarter quarterly queen quest question quick quiet quota quote raad
radar radius rainbow rally ramp range ranking rapid rapport rapportage rate rating ratio reach reactie reaction reader
ready real reality reason rebel receipt receipts reception rechtbank recipe recipient record records recovery
recruitment recycling red reference referentie reflection reform refund regel regeling regio regional register
registratie registration regulation regulations reis relatie relation relations release relevant reliable relief remark
reminder remote renaissance renewal rent rental rente repair reply report reporting reports representative republic
reputation request research reserve reservering residence residential resolution resource resources respect respond
response responsibility result resultaat results resume return returns revenue reverse review reviews revision
revolution reward rhythm rich richting ridder right rights ring rise risico risk rival river rivier road roadmap rob
robert robot rock rocket rode roer role roll rood roof room roos roosendaal roots rose rota rotation rotterdam round
route router routine royal ruim ruimte ruiter rule rules runner rust safe safety sail salaris salary saldo sale sales
salon salute samen sample sanctuary sanders sandra sara sarah saskia satellite saturday saving savings scale scan
scenario schedule schema scheme scherp schip schipper schoen scholar scholten schoon schouten schuur science scope score
scout screen script sea seal search season seat second secret secretaris secretary section sector secure security seed
select sem seminar senate senior sense sentinel september sequence serie series server session settlement seven shadow
shape share shared shareholder shares shelf shell shelter shield shift shine ship shipping shock shops shore short show
sight sign signal signature silence silk silver simple sister site situation size sketch skill skills sky sleep slide
slot slotbalans small smart smit smith smits snapshot snow soccer social society soft solar solid solution sonic sophie
sort soul sound source south space spark speaker special specialist specialists spectrum speech speed spel sphere spin
spirit split sponsor spot spotlight spring sprint square stability stad staff stage stake standard standards standing
star start state statement statements station statistics status statuut steel steen stem step steps ster sterk sterren
stijl stock stoel stone storage store stories storm story straat strand strategic strategie strategies strategy stream
street strength stress strike string strong structure structuur studie studio stuk subject submission subsidie subsidy
substance succes success suggestion suite summary summer summit sun sunday sunrise sunset super supervisor supervisory
supplement supplier suppliers supply support surface surplus surprise survey sustainability sustainable switch symbol
synergy syntax synthese system tabel table tactic tafel take talent talk target tariff task taxation taxes taylor
teacher team technical technique techno telefoon template temple tender term terms terra terrace territory tess test
text theater theatre thema theme theory thing think third thomas thought three throne thuis thursday ticket tide tiger
tijd tilburg tim timber time timeline titan titel title toegang toekomst toelichting toets token tom tool toolbox tools
topic torch toren totaal total touch tour tourism tower town track tracker trade trader tradition traffic trail train
trainer transactie transaction transfer transformation transit transition transparant travel treasure treasury treatment
treaty tree trend trends triangle tribe tribune trigger trinity triple triumph troon tropical trots trouw true trust
trustee truth tuesday tuin tune tunnel turn tutor twee twin twist type uil uitkering ultimate umbrella unie uniek union
unit unite united unity universal universe university update upgrade urban urgent usage user utility utrecht uur vacancy
vacation vacature vader vakantie valley valuation value values van vandaag variant variety vast vector veen veenstra
veilig veld velocity venlo venture ventures venue ver verandering verbeter verbinding verdict vergadering vergunning
verhaal verhoeven verkeer verkoper verlof vermeulen vers versie version verslag vertex vertical vertrek vertrouwen
verzekering vessel vibe victory video view vijf village vink vintage virtual virtue vis visie vision visit visser visual
vita vitaal vital vitality vivid vlag vlees vliet voedsel vogel voice vol volk volkeren volume volunteer vooraf voordeel
voorraad voorschot voorstel voorziening vorm vos vote voucher vraag vraagstuk vrede vreugde vriend vrienden vries vrij
vrijdag vrijheid vuur waarborg waarde wacht wage wagen wages wal walk wall wand warehouse warm warmte warrant warranty
waste watch water watt wave wealth weather web website wedding wednesday week weekend weekly weg weide weight welcome
welfare welkom wellness wereld werk west westen wheel white wiel wijk wijn wijs wijziging wild willem willems williams
wilson wind window windows wine wing wings winner winst winter wisdom wish wit witte woensdag wolf wolff wonder wonen
woning wood woon word words work worker workers works workshop world worth write writer writing yard year yearly yellow
yield yilmaz young zaak zaal zaandam zaken zand zaterdag zee zeker zekerheid zelf zenith zero zes zevende zicht zilver
zoe zoetermeer zomer zon zondag zone zonne zonnig zuid zuiden zuiver zwaan zwart zwarte zwolle
"""

COMMON = frozenset(_COMMON.split())
"""Nouns and adjectives of papers and shop signs, months, days, towns, and common names."""
