"""Words that name nobody by themselves: by these the guard knows a generic name from one that stands out.

"Bakkerij De Zon" is somebody, "De Bakker" and "zon" are not. No list is complete: a word that lacks costs an approver one
look too many, a word too many costs a name that is found only beside its legal form. So: words that are common in the
mail and papers of an office, and the names that many people have. Folded as guard.fold_text does, lower case.
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
aandeel aandelen aangifte aanslag aarde actief activa actueel ahmed alfa algemeen ali alice alkmaar almere alpha
amersfoort amsterdam anker anna apeldoorn appel april arbeid arnhem assen august augustus auto avond baan bakker balance
bas basis bedrag bedrijf beek belang belasting berg best beste beta betaling beter bijlage bijzonder blauw blauwe bloem
blom blue boek boer boerderij boom boot bos bosman boven bram breda brief bright briljant broek bron brouwer brown brug
bruijn bruin buiten business buurt capital care cash centraal centrum city clear cloud compact concept contact controle
core cornelis creatief credit daan dag dagen dak dal dam data datum david davies debet december deel dekker delft delta
design deur deventer deze dienst diensten dienstverlening digitaal digital dijk dijkstra dinsdag direct dirk dokter
donderdag donker dordrecht dorp drie driessen dubbel duin duurzaam east echt eco edge eerlijk eerste eigen eiland einde
eindhoven ellen emma energie energy enschede eric erik esther eva evans evers excellent expert extra factuur familie
fatima fatma februari february feest fiets fijn finn firma first flex focus fonds forum frank fresh friday fris fruit
futura future ganzen gas geel geld geluk gerard gerritsen gezond gezondheid gids global goed goede gold goud gouda
gouden graaf graaff graan grand great green groen groene grond groningen groot grote growth haan haarlem haas half hand
hans hart hassan haven health heide heijden helder helmond help hemel hendriks hengelo henk herfst hermans hert heuvel
high hilversum hoek hoekstra hof home hond hoofd hoog hoop house hout huis huisman hulp human huur idea ideaal idee
impact ingrid inkoop inzicht jaar jaarrekening jacht jacob jacobs james jan janse jansen janssen januari january jeroen
jesse johan johannes john jones jong jonge joost juli julia july june juni kaart kamer kans kantoor kapitaal karel karin
kasteel kaya kees keuken key kijk kind kinderen klaar klaas klant klein kleine klok klus koe koffie kok koning koster
kracht kramer kroon kruis kuiper kuipers kunst kust kwaliteit lamp land lang lange lars leer leeuw leeuwarden leeuwen
leiden lente leven levi licht liefde life light lijn linda linde linden line link lisa little living local lokaal loket
london loon lotte lucas lucht luuk maan maand maandag maart maarten maas maastricht marc march maria marieke mark market
markt martens martijn mary may meer meester mehmet mei meijer mens mensen meyer michael michiel midden mijn mila milieu
miller mobiel modern mohamed mohammed molen molenaar monday monique mooi moon morgen motor mulder muur muziek naam nacht
nature natuur network new next nieuw nieuwbouw nieuwe nieuws nijmegen noah noord noorden nora north nota november ocean
ochtend october office okafor oktober olie onder onderwijs one ons ooievaar oost oosten open oplossing optima optimaal
orange oranje orde oud oude overig overzicht paard pakket papier park pas paul peeters people perfect personeel
persoonlijk peter peters petra piet plan plein plus point poort post postma power premium present prima prime prins
prive pro project punt pure quality rapport red regio relatie rente ridder river rivier rob robert rode roer rood roos
roosendaal rotterdam royal ruim ruimte ruiter salaris saldo samen sanders sandra sara sarah saskia saturday scherp schip
schipper schoen scholten schoon schouten schuur sea security select sem september silver simple sky smart smit smith
smits social sophie south stad star start steen stem ster sterk sterren stijl stoel stone straat strand street studie
studio succes sun sunday super tafel talent taylor team tess thomas thuis thursday tijd tilburg tim time toekomst tom
toren totaal total trots trust tuesday tuin twee uil uitkering unie uniek union unit utrecht uur vader value van vandaag
vast veen veenstra veilig veld venlo ver verbeter verhoeven vermeulen vers vijf vink vis visie vision visser vitaal vlag
vlees vliet voedsel vogel vol volk volkeren vooraf voordeel vos vreugde vriend vrienden vries vrij vrijdag vrijheid vuur
waarde wacht wagen wal wand warm warmte water wave web wednesday week weg weide welkom wereld werk west westen white
wiel wijn wijs wild willem willems williams wilson wind winst winter wit witte woensdag wolf wolff wonen woning wood
woon work works world yilmaz young zaak zaandam zaken zand zaterdag zee zeker zelf zes zicht zilver zoe zoetermeer zomer
zon zondag zonne zonnig zuid zuiden zuiver zwaan zwart zwarte zwolle
"""

COMMON = frozenset(_COMMON.split())
"""Common nouns and adjectives of papers and shop signs, months and days, towns, and the names many people have."""
