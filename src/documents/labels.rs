//! Every word that documents print, in each language. A word that lacks one does not compile.

use super::language::Language;

macro_rules! labels {
    ($($name:ident: $english:literal, $indonesian:literal;)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub struct Labels {
            $(pub $name: &'static str,)*
        }

        const ENGLISH: Labels = Labels { $($name: $english,)* };
        const INDONESIAN: Labels = Labels { $($name: $indonesian,)* };
    };
}

labels! {
    invoice: "Invoice", "Faktur";
    prepayment_invoice: "Prepayment invoice", "Faktur uang muka";
    credit_note: "Credit note", "Nota kredit";
    receipt: "Receipt", "Kuitansi";
    packing_list: "Packing list", "Daftar kemas";
    statement: "Statement of account", "Kartu piutang";
    bill_to: "Bill to", "Ditagihkan kepada";
    ship_to: "Ship to", "Dikirim kepada";
    ship_from: "Ship from", "Dikirim dari";
    received_from: "Received from", "Sudah terima dari";
    customer: "Customer", "Pelanggan";
    issued_on: "Invoice date", "Tanggal faktur";
    credited_on: "Date", "Tanggal";
    supply_on: "Date of supply", "Tanggal penyerahan";
    due_on: "Due date", "Jatuh tempo";
    received_on: "Received on", "Tanggal terima";
    order: "Order", "Pesanan";
    ordered_on: "Order date", "Tanggal pesanan";
    purchase_order: "Your order", "No. PO Anda";
    buyer_reference: "Your reference", "Referensi Anda";
    buyer_document: "Your document", "Dokumen Anda";
    currency: "Currency", "Mata uang";
    fiscal_number: "Tax invoice no.", "No. faktur pajak";
    corrects: "Corrects invoice", "Mengoreksi faktur";
    of_date: "of", "tanggal";
    reason: "Reason", "Alasan";
    number: "No.", "No.";
    description: "Description", "Uraian";
    sku: "Item", "Kode barang";
    quantity: "Quantity", "Jumlah";
    ordered: "Ordered", "Dipesan";
    packed: "Packed", "Dikemas";
    shipped: "Shipped", "Dikirim";
    checked: "Checked", "Diperiksa";
    unit_price: "Unit price", "Harga satuan";
    discount: "Discount", "Diskon";
    tax: "Tax", "Pajak";
    amount: "Amount", "Jumlah harga";
    customer_sku: "Your item", "Kode Anda";
    subtotal: "Subtotal", "Subtotal";
    order_discount: "Discount", "Potongan harga";
    shipping: "Shipping", "Ongkos kirim";
    rounding: "Rounding", "Pembulatan";
    total: "Total", "Total";
    total_credit: "Total credit", "Total kredit";
    paid: "Paid", "Sudah dibayar";
    amount_due: "Amount due", "Sisa tagihan";
    stamp_paid: "Paid", "Lunas";
    tax_breakdown: "Tax breakdown", "Rincian pajak";
    rate: "Rate", "Tarif";
    taxable_amount: "Taxable amount", "Dasar pengenaan pajak";
    other_base: "Other tax base (DPP nilai lain)", "DPP nilai lain";
    in_words: "Amount in words", "Terbilang";
    payment: "Payment", "Pembayaran";
    bank_account: "Bank account", "Rekening bank";
    account_number: "Account", "No. rekening";
    payable_by: "Payable by", "Dibayar paling lambat";
    due_at_once: "Due on receipt", "Dibayar saat diterima";
    cash_on_delivery: "Cash on delivery", "Bayar di tempat (COD)";
    prepayment: "Payable in advance", "Dibayar di muka";
    paid_in_full: "Paid in full. Thank you.", "Sudah lunas. Terima kasih.";
    settled_in_advance: "Settled by the prepayment deducted above.", "Tidak ada sisa tagihan: dipotong uang muka di atas.";
    early_discount: "discount if paid by", "potongan bila dibayar paling lambat";
    please_quote: "Please quote with your payment:", "Cantumkan pada pembayaran Anda:";
    zero_rated: "zero-rated", "tarif nol";
    exempt: "Exempt from", "Dibebaskan dari";
    reverse_charge: "Reverse charge", "Reverse charge";
    intra_community: "Intra-Community supply", "Penyerahan intra-Komunitas";
    export: "Export", "Ekspor";
    not_subject: "Not subject to", "Tidak dikenai";
    tax_in_base: "Tax in", "Pajak dalam";
    at_rate: "at", "dengan kurs";
    page: "Page {page} of {pages}", "Halaman {page} dari {pages}";
    carried_over: "Carried over", "Dipindahkan";
    carried_forward: "Carried forward", "Pindahan";
    registration_number: "Reg. no.", "NIB";
    tax_id: "Tax ID", "No. pajak";
    method: "Method", "Cara bayar";
    reference: "Reference", "Referensi";
    for_payment_of: "For payment of", "Untuk pembayaran";
    document: "Document", "Dokumen";
    date: "Date", "Tanggal";
    advance_for: "Advance payment for order", "Uang muka pesanan";
    unapplied: "Not yet applied", "Belum dialokasikan";
    amount_received: "Amount received", "Jumlah diterima";
    issued_by: "Issued by", "Diterbitkan oleh";
    received_by: "Received by (name, date)", "Diterima oleh (nama, tanggal)";
    packed_by: "Packed by", "Dikemas oleh";
    carrier: "Carrier", "Kurir";
    tracking_number: "Tracking no.", "No. resi";
    shipped_on: "Shipped on", "Tanggal kirim";
    ship_by: "Ship by", "Kirim sebelum";
    delivery_instructions: "Delivery instructions", "Petunjuk pengiriman";
    packages: "Packages", "Koli";
    package: "Package", "Koli";
    weight: "Weight", "Berat";
    size: "Size (L × W × H)", "Ukuran (P × L × T)";
    period: "Period", "Periode";
    opening_balance: "Opening balance", "Saldo awal";
    closing_balance: "Closing balance", "Saldo akhir";
    debit: "Debit", "Debit";
    credit: "Credit", "Kredit";
    balance: "Balance", "Saldo";
    payment_received: "Payment received", "Pembayaran diterima";
    refund: "Refund", "Pengembalian dana";
    adjustment: "Adjustment", "Penyesuaian";
    withholding_tax: "Withholding tax", "PPh dipotong";
    bank_fee: "Bank fee", "Biaya bank";
    early_payment_discount: "Early-payment discount", "Potongan pembayaran awal";
    write_off: "Write-off", "Penghapusan";
    bank_transfer: "Bank transfer", "Transfer bank";
    card: "Card", "Kartu";
    cash: "Cash", "Tunai";
    e_wallet: "E-wallet", "Dompet digital";
    other_method: "Other", "Lainnya";
    prepayment_for: "Prepayment for order", "Uang muka pesanan";
    prepayment_deducted: "Prepayment", "Uang muka";
    restocking_fee: "Restocking fee", "Biaya pengembalian stok";
    returned_with: "Goods returned with", "Barang dikembalikan dengan";
    overdue: "Overdue", "Lewat jatuh tempo";
    due_later: "Not yet due", "Belum jatuh tempo";
    balance_due: "Balance due", "Saldo terutang";
    in_your_favour: "In your favour", "Saldo lebih bayar";
}

impl Language {
    pub fn labels(self) -> &'static Labels {
        match self {
            Self::English => &ENGLISH,
            Self::Indonesian => &INDONESIAN,
        }
    }
}
