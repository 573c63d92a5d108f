//! The words that are looked for in mails, in English, German, Indonesian, Dutch, French and Spanish. Phrases are set apart by `;`, in
//! lower case without accents; `*` stands for any letters at the end of a word. Another word is another entry.

use super::words::Matter;

/// What speaks of something else than an order.
pub const MATTERS: &[(Matter, &str)] = &[
    (
        Matter::Cancellation,
        "cancel*; do not need; don t need; no longer need*; not needed; no need for; do not deliver; don t deliver; do \
        not ship; don t ship; do not send; don t send; do not process; don t process; please ignore; disregard*; \
        withdraw*; void; revoke*; not an order; is no order; stop the order; stop delivery; on hold; storn*; \
        widerruf*; nicht mehr; brauchen wir nicht; nicht benotigt; nicht liefern; nicht ausfuhren; abbestell*; \
        zuruckzieh*; zuruckgezogen; gegenstandslos; ignorier*; absagen; keine bestellung; batal; batalkan; dibatalkan; \
        membatalkan; pembatalan; tidak jadi; tidak perlu; jangan kirim; jangan dikirim; jangan diproses; abaikan; \
        bukan pesanan; geannuleerd*; niet meer; niet nodig; niet leveren; niet verzenden; intrekken; ingetrokken; \
        herroep*; negeer; negeren; plus besoin; pas besoin; ne pas livrer; ne livrez pas; ne pas tenir compte; \
        retract*; resili*; anul*; ya no; no necesitamos; no entregar; no enviar; no procesar; desistir; annul*",
    ),
    (
        Matter::Complaint,
        "complain*; wrong delivery; wrong item*; wrong good*; wrong product*; wrong quantity; damaged; defect*; faulty; \
        not received; missing item*; missing goods; beschwer*; beanstand*; mangelruge*; mangelhaft*; falschlieferung*; \
        falsch geliefert; beschadigt*; fehllieferung*; nicht erhalten; reklam*; keluhan; komplain*; komplen; \
        pengaduan; rusak; cacat; salah kirim; belum diterima; klaim; klacht*; beschadigd*; verkeerd geleverd; \
        verkeerde levering; niet ontvangen; reclam*; plainte*; endommag*; erreur de livraison; queja*; danad*; \
        averiad*",
    ),
    (
        Matter::Return,
        "return of; returns; returned; returning; goods return; return goods; return the goods; return request; sales \
        return; rma; refund*; send back; sent back; retoure*; rucksend*; ruckgabe*; ruckliefer*; zurucksend*; \
        zuruckschick*; ruckerstatt*; gutschrift*; retur; diretur; pengembalian; dikembalikan; kembalikan; \
        mengembalikan; retourzend*; retouren; retour sturen; retour van; terugstur*; terugzend*; terugbetal*; retour \
        de marchandise*; retour marchandise*; bon de retour; retours; rembours*; renvoi; devolucion*; devolver; \
        reembols*",
    ),
    (
        Matter::Invoice,
        "invoice*; reminder*; dunning; credit note*; statement of account; account statement; proforma*; pro forma; \
        rechnung*; mahnung*; zahlungserinnerung*; erinnerung*; kontoauszug*; faktur*; tagihan*; invois*; pengingat; \
        kwitansi; factuur*; facturen; aanmaning*; herinnering*; betalingsherinnering*; facture*; rappel*; relance*; \
        releve de compte; factura*; recordatorio*; estado de cuenta",
    ),
    (
        Matter::Report,
        "report*; stock list*; stock level*; stock overview; stock count*; inventory list*; inventory count*; inventory \
        level*; price list*; pricelist*; statistic*; forecast*; catalog*; lagerbericht*; bestandsbericht*; \
        monatsbericht*; umsatzbericht*; bestandsliste*; bestandsmeldung*; lagerbestand*; lagerliste*; preisliste*; \
        katalog*; prognose*; inventur*; laporan*; daftar stok; stok opname; sisa stok; daftar harga; prakiraan; \
        rapport*; voorraadlijst*; voorraadoverzicht*; prijslijst*; inventaire*; etat des stocks; liste de prix; \
        informe*; inventario*; lista de precios; existencias",
    ),
    (
        Matter::Quotation,
        "quotation*; quote; quotes; rfq; your offer; our offer; an offer; price request*; price inquiry; price enquiry; \
        inquiry; enquiry; how much; angebot*; anfrage*; preisanfrage*; penawaran*; minta harga; berapa harga; \
        offerte*; prijsaanvraag*; devis; demande de prix; cotizacion*; presupuesto*",
    ),
    (
        Matter::Change,
        "instead; rather than; in place of; change; changes; changed; changing; amend*; revised; revision*; rev; \
        correction*; corrected; replace*; substitut*; please add; please remove; statt; anstatt; stattdessen; \
        anstelle; anderung*; andern; geandert*; abander*; korrektur*; korrigier*; ersetz*; austausch*; reduzier*; \
        erhohen; streichen; ubah; diubah; mengubah; perubahan; ganti; diganti; penggantian; pengganti; alih alih; \
        revisi; koreksi; bukan; tambahkan; kurangi; hapus; in plaats van; ipv; wijzig*; gewijzigd*; aanpass*; \
        aangepast*; verander*; correctie*; vervang*; au lieu; a la place; modif*; changement*; changer; changez; \
        rectif*; remplac*; en lugar; en vez; cambi*; corregi*; correccion*; sustitu*; reemplaz*",
    ),
];

/// Words of a file's name that speak of a list there, unless it is called an order as well.
pub const LIST_FILES: &str = "stock; stok; inventory; bestand; lager; voorraad; prices; preise; harga; prijzen; prix; precios";
/// What files of orders are called.
pub const ORDER_FILES: &str = "order*; po; pesanan; bestell*; auftrag*; commande*; pedido*";

/// An instruction that no column says: where to, when.
pub const INSTRUCTIONS: &str = "deliver to; deliver it to; deliver them to; deliver this to; delivered to; delivery to; delivery address; deliver \
    at; ship to; ship it to; shipped to; shipping address; send to; send it to; send them to; send this to; address; \
    warehouse; liefern an; liefern sie an; lieferung an; lieferung nach; lieferadresse*; lieferanschrift*; anschrift; \
    adresse; kirim ke; kirimkan ke; dikirim ke; antar ke; diantar ke; alamat; gudang; leveren aan; leveren op; \
    afleveradres*; leveradres*; adres; magazijn; livrer a; livrez a; livraison a; adresse de livraison; entrepot; \
    entregar en; entrega en; enviar a; direccion; almacen; deliver by; deliver on; deliver before; \
    deliver until; deliver not before; not before; no later than; at the latest; ship by; ship on; ship before; next \
    week; next month; tomorrow; pick up; spatestens; fruhestens; nachste woche; abholen; \
    abholung; tanggal kirim; paling lambat; sebelum tanggal; minggu depan; besok; diambil; uiterlijk; \
    volgende week; afhalen; au plus tard; semaine prochaine; a mas tardar; \
    proxima semana";

/// Words of streets.
pub const STREETS: &str = "jl; jln; jalan; street; road; avenue; rue; calle; avenida; strasse; straat; laan";
/// How names of streets end.
pub const STREET_ENDINGS: [&str; 3] = ["strasse", "straat", "laan"];

/// A day where a number stands beside.
pub const MONTHS: &str = "jan*; feb*; mar; march; marz; maart; mars; marzo; maret; apr*; avril; abril; may; mai; mei; mayo; jun*; juin; \
    jul*; juil*; aug*; agustus; agu; aout; agosto; sep*; okt*; oct*; nov*; dez*; dec*; des; desember; dic*";
/// Days of the week.
pub const WEEKDAYS: &str = "monday; tuesday; wednesday; thursday; friday; saturday; sunday; montag; dienstag; mittwoch; donnerstag; freitag; \
    samstag; senin; selasa; rabu; kamis; jumat; sabtu; maandag; dinsdag; woensdag; donderdag; vrijdag; zaterdag; \
    lundi; mardi; mercredi; jeudi; vendredi; samedi; lunes; martes; miercoles; jueves; viernes";
/// A week where a number follows.
pub const WEEKS: &str = "kw; week; minggu; semaine; semana";

/// How mails begin.
pub const GREETINGS: &str = "dear; hello; hi; hey; good morning; good day; good afternoon; to whom; gentlemen; sehr geehrte*; guten tag; \
    guten morgen; hallo; liebe; lieber; selamat pagi; selamat siang; selamat sore; selamat malam; yth; kepada; halo; dengan hormat; \
    salam sejahtera; assalamualaikum; geachte; beste; goedemorgen; goedendag; goedemiddag; bonjour; madame; monsieur; cher; chere; \
    chers; estimad*; hola; buenos dias; buenas tardes";
/// How they end; what follows is the signature.
pub const CLOSINGS: &str = "best regards; kind regards; kindest regards; warm regards; with regards; regards; best wishes; sincerely; \
    yours sincerely; yours faithfully; yours truly; cheers; mit freundlichen grussen; mit freundlichem gruss; freundliche grusse; \
    viele grusse; beste grusse; liebe grusse; schone grusse; grusse; gruss; mfg; vg; lg; hochachtungsvoll; salam hormat; salam; \
    hormat kami; hormat saya; wassalam; met vriendelijke groet*; vriendelijke groet*; hartelijke groet*; groet; groeten; mvg; \
    hoogachtend; cordialement; bien cordialement; salutations; sinceres salutations; meilleures salutations; bien a vous; \
    respectueusement; saludos; un saludo; un cordial saludo; cordialmente; atentamente";
/// The same, however long the sentence is.
pub const LONG_CLOSINGS: &str = "veuillez agreer; je vous prie d agreer; nous vous prions d agreer; atas perhatian dan; demikian";
/// Thanks alone in a line end a mail as well, unless it goes on to ask for something.
pub const THANKS: &str = "thanks; thank you; many thanks; thx; danke; vielen dank; besten dank; terima kasih; terimakasih; makasih; bedankt; \
    dank u; dank je; alvast bedankt; met dank; merci; gracias; muchas gracias";
/// Words that ask for something.
pub const PLEASE: &str = "please; pls; kindly; bitte; mohon; tolong; harap; gelieve; graag; veuillez; prier*; por favor; favor";
/// A postscript is no signature.
pub const POSTSCRIPTS: &str = "ps; p s; nb; n b; notabene; ps1";
/// Lines that programs add.
pub const PROGRAMS: &str = "sent from my; sent from; get outlook for; gesendet von; von meinem; dikirim dari; verzonden vanaf; envoye de mon; \
    envoye de; enviado desde; virus free";
/// Words of notices of confidence, which end a mail's own text up to the next empty line.
pub const CONFIDENTIAL: &str = "confidential*; intended recipient*; intended only; privileged; vertraulich*; rahasia; vertrouwelijk*; \
    confidentiel*; confidencial*; legally protected";
/// Words of which letters consist that say no more than that an order is with them.
pub const COVERING: &str = "please; find; attached; enclosed; attachment; attachments; herewith; hereby; our; the; a; an; my; this; new; order; \
    orders; purchase; po; no; number; see; below; following; as; per; for; and; is; are; in; with; we; i; would; like; to; place; you; \
    thank; thanks; process; confirm; confirmation; acknowledge; receipt; of; dated; file; table; csv; excel; xlsx; sheet; products; items; \
    hello; hi; dear; team; all; sir; madam; looking; forward; your; reply; it; on; from; \
    bitte; finden; sie; anbei; beigefugt; im; anhang; unser; unsere; unseren; unserer; die; der; das; den; dem; eine; einen; ein; neue; \
    bestellung; bestellungen; auftrag; fur; und; ist; sind; wir; bestellen; hiermit; wie; folgt; folgende; folgenden; artikel; siehe; \
    anlage; datei; tabelle; vielen; besten; dank; danke; mit; um; bestatigung; bestatigen; auftragsbestatigung; senden; ihnen; erhalten; \
    guten; tag; hallo; nummer; nr; vom; \
    mohon; terlampir; bersama; ini; kami; sampaikan; kirimkan; lampirkan; pesanan; pesan; untuk; dan; yang; di; dengan; berikut; adalah; \
    daftar; barang; lampiran; silakan; silahkan; lihat; terima; kasih; atas; perhatian; perhatiannya; kerjasamanya; kerja; samanya; \
    diproses; proses; konfirmasi; dikonfirmasi; baru; bapak; ibu; selamat; pagi; siang; sore; halo; ingin; memesan; nomor; ya; tanggal; \
    hierbij; bijgevoegd; de; het; een; bijlage; onze; ons; bestelling; graag; vindt; vind; treft; aan; u; uw; zie; wij; van; nieuwe; \
    bevestigen; bevestiging; bedankt; alvast; voor; met; volgende; artikelen; \
    veuillez; trouver; ci; joint; jointe; notre; commande; bon; d; l; la; le; les; un; une; nous; passons; commander; merci; pour; votre; \
    et; est; sont; en; piece; svp; articles; suivants; suivante; voici; confirmer; bonjour; n; numero; du; \
    adjunto; adjunta; adjuntamos; encontrara; encontraran; nuestro; nuestra; pedido; orden; compra; el; los; por; favor; gracias; \
    enviamos; confirmar; siguientes; articulos; hola; buenos; dias; su; muchas";
/// After these a number or a day is that of the order.
pub const NUMBERED: &str = "order; orders; po; no; number; nr; nummer; bestellung; auftrag; pesanan; nomor; bestelling; commande; n; numero; \
    pedido; orden; compra; purchase; of; dated; vom; tanggal; van; du; de";
