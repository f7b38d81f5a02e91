CREATE FUNCTION public.note_binned_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF (SELECT 'client ' || client FROM item WHERE id = OLD.item) IS NOT NULL THEN INSERT INTO revision VALUES ((SELECT 'client ' || client FROM item WHERE id = OLD.item), txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_binned_insert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF (SELECT 'client ' || client FROM item WHERE id = NEW.item) IS NOT NULL THEN INSERT INTO revision VALUES ((SELECT 'client ' || client FROM item WHERE id = NEW.item), txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_counted_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF 'client ' || OLD.client IS NOT NULL THEN INSERT INTO revision VALUES ('client ' || OLD.client, txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_counted_insert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF 'client ' || NEW.client IS NOT NULL THEN INSERT INTO revision VALUES ('client ' || NEW.client, txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_counted_update() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF 'client ' || OLD.client IS NOT NULL THEN INSERT INTO revision VALUES ('client ' || OLD.client, txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; IF TRUE THEN IF 'client ' || NEW.client IS NOT NULL THEN INSERT INTO revision VALUES ('client ' || NEW.client, txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_listing() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TG_OP <> 'INSERT' THEN IF OLD.client IS NOT NULL THEN INSERT INTO listing VALUES (OLD.client, txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; IF TG_OP <> 'DELETE' THEN IF NEW.client IS NOT NULL THEN INSERT INTO listing VALUES (NEW.client, txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_opened_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF (SELECT 'client ' || client FROM item WHERE id = OLD.item) IS NOT NULL THEN INSERT INTO revision VALUES ((SELECT 'client ' || client FROM item WHERE id = OLD.item), txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_opened_insert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF (SELECT 'client ' || client FROM item WHERE id = NEW.item) IS NOT NULL THEN INSERT INTO revision VALUES ((SELECT 'client ' || client FROM item WHERE id = NEW.item), txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_waits_delete() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF 'waiting' IS NOT NULL THEN INSERT INTO revision VALUES ('waiting', txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_waits_insert() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF 'waiting' IS NOT NULL THEN INSERT INTO revision VALUES ('waiting', txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE FUNCTION public.note_waits_update() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF TRUE THEN IF 'waiting' IS NOT NULL THEN INSERT INTO revision VALUES ('waiting', txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; IF TRUE THEN IF 'waiting' IS NOT NULL THEN INSERT INTO revision VALUES ('waiting', txid_current()) ON CONFLICT DO NOTHING; END IF; END IF; RETURN NULL; END $$;
CREATE TABLE public.api_answer (
    key character varying(255) NOT NULL,
    asked character varying(255) NOT NULL,
    status integer NOT NULL,
    body text NOT NULL,
    at character varying(255) NOT NULL
);
CREATE TABLE public.api_token (
    name character varying(255) NOT NULL,
    hash character varying(255) NOT NULL,
    staff character varying(255) NOT NULL,
    scopes text NOT NULL,
    clients text,
    made_by character varying(255) NOT NULL,
    made_at character varying(255) NOT NULL,
    expires_at character varying(255) NOT NULL,
    used_at character varying(255),
    revoked_at character varying(255)
);
CREATE TABLE public.asked (
    edition bigint NOT NULL,
    person character varying(255) NOT NULL,
    at character varying(255) NOT NULL,
    written_at character varying(255),
    is_open boolean NOT NULL,
    reminded_at character varying(255),
    escalated_at character varying(255)
);
CREATE TABLE public.attachment (
    id bigint NOT NULL,
    item bigint NOT NULL,
    "position" integer NOT NULL,
    name text NOT NULL,
    share boolean NOT NULL,
    note text,
    version integer NOT NULL,
    sha256 character varying(255) NOT NULL,
    size bigint NOT NULL,
    media_type text NOT NULL,
    added_at character varying(255) NOT NULL,
    current boolean NOT NULL
);
CREATE SEQUENCE public.attachment_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.attachment_id_seq OWNED BY public.attachment.id;
CREATE TABLE public.binned (
    item bigint NOT NULL,
    by character varying(255) NOT NULL,
    at character varying(255) NOT NULL
);
CREATE TABLE public.counter (
    year integer NOT NULL,
    last integer NOT NULL
);
CREATE TABLE public.decision (
    edition bigint NOT NULL,
    approver character varying(255) NOT NULL,
    decided_by character varying(255) NOT NULL,
    decision character varying(255) NOT NULL,
    comment text,
    at character varying(255) NOT NULL,
    behind character varying(255)
);
CREATE TABLE public.delegation (
    client character varying(255) NOT NULL,
    folder character varying(255) NOT NULL,
    maker character varying(255) NOT NULL,
    behind character varying(255),
    uid bigint NOT NULL,
    sidecar character varying(255) NOT NULL,
    files text NOT NULL,
    made_at character varying(255) NOT NULL
);
CREATE TABLE public.desk_request (
    id integer NOT NULL,
    address text NOT NULL,
    goal text NOT NULL,
    at character varying(255) NOT NULL
);
CREATE SEQUENCE public.desk_request_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.desk_request_id_seq OWNED BY public.desk_request.id;
CREATE TABLE public.desk_session (
    hash character varying(255) NOT NULL,
    staff character varying(255) NOT NULL,
    way character varying(255) NOT NULL,
    made_at character varying(255) NOT NULL,
    seen_at character varying(255) NOT NULL,
    expires_at character varying(255) NOT NULL,
    id_token text
);
CREATE TABLE public.desk_token (
    hash character varying(255) NOT NULL,
    staff character varying(255) NOT NULL,
    goal text NOT NULL,
    expires_at character varying(255) NOT NULL,
    used_at character varying(255)
);
CREATE TABLE public.drop (
    id bigint NOT NULL,
    client character varying(255) NOT NULL,
    folder text,
    stem text NOT NULL,
    fingerprint character varying(255),
    kind character varying(255) NOT NULL,
    item bigint,
    at character varying(255) NOT NULL,
    files text NOT NULL,
    target text,
    text text NOT NULL,
    cleared boolean NOT NULL,
    hidden character varying(255),
    of_type text,
    told text
);
CREATE SEQUENCE public.drop_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.drop_id_seq OWNED BY public.drop.id;
CREATE TABLE public.edition (
    id bigint NOT NULL,
    item bigint NOT NULL,
    content character varying(255) NOT NULL,
    shown text NOT NULL,
    state character varying(255) NOT NULL,
    made_by character varying(255) NOT NULL,
    made_at character varying(255) NOT NULL,
    approved_by character varying(255),
    approved_at character varying(255),
    makers text DEFAULT '[]'::text NOT NULL
);
CREATE TABLE public.edition_note (
    edition bigint NOT NULL,
    line integer NOT NULL,
    text text NOT NULL
);
CREATE TABLE public.erasure (
    id integer NOT NULL,
    at character varying(255) NOT NULL,
    report text
);
CREATE TABLE public.event (
    seq bigint NOT NULL,
    at character varying(255) NOT NULL,
    actor text NOT NULL,
    action character varying(255) NOT NULL,
    item bigint,
    subject text,
    digest character varying(255) NOT NULL,
    hash character varying(255) NOT NULL,
    way character varying(255) DEFAULT ''::character varying NOT NULL,
    behind text
);
CREATE TABLE public.event_detail (
    seq bigint NOT NULL,
    salt character varying(255) NOT NULL,
    detail text NOT NULL
);
CREATE TABLE public.hold (
    kind character varying(255) NOT NULL,
    subject character varying(255) NOT NULL,
    reason text NOT NULL,
    by character varying(255) NOT NULL,
    at character varying(255) NOT NULL
);
CREATE TABLE public.hook (
    name character varying(255) NOT NULL,
    seq bigint NOT NULL,
    sent_at character varying(255),
    attempts integer NOT NULL,
    due_at character varying(255) NOT NULL,
    failing_since character varying(255),
    error text,
    disabled_at character varying(255)
);
CREATE TABLE public.item (
    id bigint NOT NULL,
    client character varying(255) NOT NULL,
    description text NOT NULL,
    status text NOT NULL,
    type text,
    location text,
    labels text NOT NULL,
    explanation text,
    fields text NOT NULL,
    share boolean NOT NULL,
    share_explanation boolean NOT NULL,
    share_state character varying(255) NOT NULL,
    approvers text NOT NULL,
    approvals text NOT NULL,
    notify boolean NOT NULL,
    contact text,
    created_by character varying(255) NOT NULL,
    created_at character varying(255) NOT NULL,
    published_at character varying(255),
    notified_at character varying(255),
    version integer NOT NULL,
    pending bigint,
    standing bigint,
    public bigint,
    unsettled boolean NOT NULL,
    makers text DEFAULT '{}'::text NOT NULL,
    approval text,
    due character varying(255),
    owner character varying(255)
);
CREATE TABLE public.item_text (
    item bigint NOT NULL,
    words tsvector NOT NULL
);
CREATE TABLE public.item_text_files (
    item bigint NOT NULL,
    rest text NOT NULL,
    text text NOT NULL,
    files text NOT NULL,
    words tsvector NOT NULL
);
CREATE TABLE public.label (
    item bigint NOT NULL,
    folded text NOT NULL
);
CREATE TABLE public.leaving (
    sha256 character varying(255) NOT NULL
);
CREATE TABLE public.listing (
    client character varying(255) NOT NULL,
    revision bigint NOT NULL
);
CREATE TABLE public.login_rate (
    key character varying(255) NOT NULL,
    full_at character varying(255) NOT NULL
);
CREATE TABLE public.login_request (
    id integer NOT NULL,
    address text NOT NULL,
    goal text NOT NULL,
    at character varying(255) NOT NULL
);
CREATE SEQUENCE public.login_request_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.login_request_id_seq OWNED BY public.login_request.id;
CREATE TABLE public.login_session (
    hash character varying(255) NOT NULL,
    address text NOT NULL,
    made_at character varying(255) NOT NULL,
    seen_at character varying(255) NOT NULL,
    expires_at character varying(255) NOT NULL
);
CREATE TABLE public.login_token (
    hash character varying(255) NOT NULL,
    address text NOT NULL,
    goal text NOT NULL,
    language character varying(255) NOT NULL,
    expires_at character varying(255) NOT NULL,
    used_at character varying(255)
);
CREATE TABLE public.mail (
    id bigint NOT NULL,
    message_id character varying(255) NOT NULL,
    kind character varying(255) NOT NULL,
    item bigint,
    client character varying(255),
    recipient character varying(255) NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    language character varying(255) NOT NULL,
    payload text NOT NULL,
    state character varying(255) NOT NULL,
    attempts integer NOT NULL,
    due_at character varying(255) NOT NULL,
    created_at character varying(255) NOT NULL,
    sent_at character varying(255),
    error text,
    unreached integer DEFAULT 0 NOT NULL,
    within integer
);
CREATE SEQUENCE public.mail_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.mail_id_seq OWNED BY public.mail.id;
CREATE TABLE public.note (
    key character varying(255) NOT NULL,
    value text NOT NULL
);
CREATE TABLE public.opening (
    edition bigint NOT NULL,
    contact character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    sha256 character varying(255) NOT NULL,
    item bigint NOT NULL,
    first_at character varying(255) NOT NULL,
    last_at character varying(255) NOT NULL,
    times integer NOT NULL
);
CREATE TABLE public.page (
    client character varying(255) NOT NULL,
    look character varying(255) NOT NULL,
    made text NOT NULL,
    older text DEFAULT '[]'::text NOT NULL
);
CREATE TABLE public.page_due (
    item bigint NOT NULL
);
CREATE TABLE public.page_file (
    name character varying(255) NOT NULL,
    client character varying(255) NOT NULL,
    item bigint NOT NULL,
    source character varying(255) NOT NULL,
    sha256 character varying(255) NOT NULL,
    size bigint NOT NULL
);
CREATE TABLE public.provider_login (
    hash character varying(255) NOT NULL,
    browser character varying(255) NOT NULL,
    nonce character varying(255) NOT NULL,
    verifier character varying(255) NOT NULL,
    goal text NOT NULL,
    expires_at character varying(255) NOT NULL
);
CREATE TABLE public.redaction (
    seq bigint NOT NULL,
    link character varying(255) NOT NULL
);
CREATE TABLE public.removal (
    item bigint NOT NULL,
    at character varying(255) NOT NULL
);
CREATE TABLE public.revision (
    about character varying(255) NOT NULL,
    number bigint NOT NULL
);
CREATE TABLE public.schema_migration (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.schema_migration_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.schema_migration_id_seq OWNED BY public.schema_migration.id;
CREATE TABLE public.sighting (
    inode character varying(255) NOT NULL,
    device character varying(255) NOT NULL,
    born character varying(255) NOT NULL,
    sha256 character varying(255) NOT NULL,
    client character varying(255) NOT NULL,
    refused boolean NOT NULL,
    at character varying(255) NOT NULL
);
CREATE TABLE public.staged_drop (
    id character varying(255) NOT NULL,
    client character varying(255) NOT NULL,
    staff character varying(255) NOT NULL,
    way character varying(255) NOT NULL,
    made_at character varying(255) NOT NULL,
    expires_at character varying(255) NOT NULL,
    files text NOT NULL,
    folder text
);
CREATE TABLE public.text_due (
    item bigint NOT NULL
);
CREATE TABLE public.viewed (
    actor character varying(255) NOT NULL,
    kind character varying(255) NOT NULL,
    subject character varying(255) NOT NULL,
    at character varying(255) NOT NULL
);
ALTER TABLE ONLY public.attachment ALTER COLUMN id SET DEFAULT nextval('public.attachment_id_seq'::regclass);
ALTER TABLE ONLY public.desk_request ALTER COLUMN id SET DEFAULT nextval('public.desk_request_id_seq'::regclass);
ALTER TABLE ONLY public.drop ALTER COLUMN id SET DEFAULT nextval('public.drop_id_seq'::regclass);
ALTER TABLE ONLY public.login_request ALTER COLUMN id SET DEFAULT nextval('public.login_request_id_seq'::regclass);
ALTER TABLE ONLY public.mail ALTER COLUMN id SET DEFAULT nextval('public.mail_id_seq'::regclass);
ALTER TABLE ONLY public.schema_migration ALTER COLUMN id SET DEFAULT nextval('public.schema_migration_id_seq'::regclass);
INSERT INTO public.asked VALUES (202600000020001, 'k.smit', '2026-11-29T00:11:50.342015Z', '2026-11-29T00:11:50.342015Z', true, NULL, NULL);
INSERT INTO public.asked VALUES (202600000040001, 'm.devries', '2026-11-29T00:11:54.377151Z', '2026-11-29T00:11:54.377151Z', false, NULL, NULL);
INSERT INTO public.asked VALUES (202600000050001, 'k.smit', '2026-11-29T00:11:58.167709Z', '2026-11-29T00:11:58.167709Z', false, NULL, NULL);
INSERT INTO public.asked VALUES (202600000050001, 'm.devries', '2026-11-29T00:11:58.167709Z', '2026-11-29T00:11:58.167709Z', false, NULL, NULL);
INSERT INTO public.asked VALUES (202600000070002, 'j.admin', '2026-11-29T00:12:16.331527Z', '2026-11-29T00:12:16.331527Z', true, NULL, NULL);
INSERT INTO public.attachment VALUES (1, 20260000001, 0, 'annual-accounts-2025.pdf', true, NULL, 1, 'bc709d19ef1252e1d8a9e27984090a94f8d0b5e44a5b035eb96c1a104c1979f7', 148, 'application/pdf', '2026-11-29T00:11:47.035725Z', true);
INSERT INTO public.attachment VALUES (2, 20260000001, 1, 'annual-accounts-2025.txt', true, NULL, 1, '9ea201e1cf3cd8355d79b76dacfae65b4e883a5e279be0b35900487c54da984c', 21, 'text/plain', '2026-11-29T00:11:47.035725Z', true);
INSERT INTO public.attachment VALUES (3, 20260000002, 0, 'tax-return-2025.pdf', true, NULL, 1, '0733a4191c274ce722f33338161b595abd4d2123a047aa37de6b1b732d6935fe', 143, 'application/pdf', '2026-11-29T00:11:50.222067Z', true);
INSERT INTO public.attachment VALUES (4, 20260000002, 1, 'tax-return-2025.txt', true, NULL, 1, '6580d4092d1d0dc219f9c93a2eaa79de57fce13c2aea8e84a9bf009e1a0e1a21', 16, 'text/plain', '2026-11-29T00:11:50.222067Z', true);
INSERT INTO public.attachment VALUES (5, 20260000003, 0, 'note-for-the-file.pdf', false, NULL, 1, 'f5cbcb397e38179c4b37c16ad7f3ba2ba2dd0e98aa2da743fb725e7bf065d0f0', 145, 'application/pdf', '2026-11-29T00:11:52.807469Z', true);
INSERT INTO public.attachment VALUES (6, 20260000003, 1, 'note-for-the-file.txt', false, NULL, 1, '653e7d1d15f782a3d8094aa4083401e2bc5bf174b1ef2ece942499ff21696f2e', 18, 'text/plain', '2026-11-29T00:11:52.807469Z', true);
INSERT INTO public.attachment VALUES (7, 20260000004, 0, 'engagement-letter-2026.pdf', true, NULL, 1, '4b9defd1edebb6777c907f69e9d9ac3685ca05007aa5715d405df75475288bb8', 150, 'application/pdf', '2026-11-29T00:11:54.279575Z', true);
INSERT INTO public.attachment VALUES (8, 20260000004, 1, 'engagement-letter-2026.txt', true, NULL, 1, '910c856b8db8a699ef212ef175de80451e482aa6aa9083062616e7c28597edf0', 23, 'text/plain', '2026-11-29T00:11:54.279575Z', true);
INSERT INTO public.attachment VALUES (9, 20260000005, 0, 'payroll-october-2026.pdf', true, NULL, 1, 'c74877734c834674769465b7eec4a5b420139108df91462217d55fdc96259531', 148, 'application/pdf', '2026-11-29T00:11:58.072229Z', true);
INSERT INTO public.attachment VALUES (10, 20260000005, 1, 'payroll-october-2026.txt', true, NULL, 1, 'fd7e8c8e4e77892d7781f02c81e00ca0a1bd57255f70fbfe9142b821c0b07053', 21, 'text/plain', '2026-11-29T00:11:58.072229Z', true);
INSERT INTO public.attachment VALUES (11, 20260000006, 0, 'letter-to-the-wrong-year.pdf', true, NULL, 1, '42c8e01fc25b807e4490169468e72867d76f7e5828160cb8c1dcea16628a3440', 152, 'application/pdf', '2026-11-29T00:12:02.046047Z', true);
INSERT INTO public.attachment VALUES (12, 20260000006, 1, 'letter-to-the-wrong-year.txt', true, NULL, 1, '8b408efb9fb57e57325c0f7ff3a3685df45719b5e8ab837d948106b17caee2dd', 25, 'text/plain', '2026-11-29T00:12:02.046047Z', true);
INSERT INTO public.attachment VALUES (13, 20260000007, 0, 'advice-on-a-merger.pdf', true, NULL, 1, '51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff', 146, 'application/pdf', '2026-11-29T00:12:07.350513Z', true);
INSERT INTO public.attachment VALUES (14, 20260000007, 1, 'advice-on-a-merger.txt', true, NULL, 1, 'ea9e6b1fa81e3111096742ee67340ab60794604963c356309e44e47721284e02', 19, 'text/plain', '2026-11-29T00:12:07.350513Z', false);
INSERT INTO public.attachment VALUES (15, 20260000007, 1, 'advice-on-a-merger.txt', true, NULL, 2, '6fcabf9fc74c67605d8603bfcc01efc9f78a06fe4024cc36de26b18268f94efa', 17, 'text/plain', '2026-11-29T00:12:15.162110Z', true);
INSERT INTO public.counter VALUES (2026, 7);
INSERT INTO public.decision VALUES (202600000040001, 'm.devries', 'm.devries', 'approve', NULL, '2026-11-29T00:12:10.417769Z', 'os:root');
INSERT INTO public.decision VALUES (202600000050001, 'k.smit', 'k.smit', 'reject', 'September is missing', '2026-11-29T00:12:10.721402Z', 'os:root');
INSERT INTO public.drop VALUES (1, 'acme-bv', NULL, 'annual-accounts-2025', '41640af5b111dae61d180f62e7c69c5a703754b6a23d22816627e1ec2f13c101', 'taken', 20260000001, '2026-11-29T00:11:47.035725Z', '[["annual-accounts-2025.pdf",65024,2773202,148,1795911098754170218,1795911098754170218,0],["annual-accounts-2025.txt",65024,2773203,21,1795911098770743709,1795911098770743709,0],["annual-accounts-2025.yaml",65024,2773211,143,1795911098771916279,1795911098771916279,0]]', NULL, 'item: D-2026-000001
taken_at: 2026-11-29T00:11:47+00:00
attachments:
  - name: annual-accounts-2025.pdf
    sha256: bc709d19ef1252e1d8a9e27984090a94f8d0b5e44a5b035eb96c1a104c1979f7
  - name: annual-accounts-2025.txt
    sha256: 9ea201e1cf3cd8355d79b76dacfae65b4e883a5e279be0b35900487c54da984c
', true, 'c34dc36b57b64fd4', NULL, NULL);
INSERT INTO public.drop VALUES (2, 'acme-bv', NULL, 'tax-return-2025', '2e36d84d9b610b218575b18d04ff5d26c5913d8b9ef6cd48ea4047b74716a7ac', 'taken', 20260000002, '2026-11-29T00:11:50.222067Z', '[["tax-return-2025.pdf",65024,2770606,143,1795911109724978010,1795911109724978010,0],["tax-return-2025.txt",65024,2773398,16,1795911109725490705,1795911109725490705,0],["tax-return-2025.yaml",65024,2773400,149,1795911109725937783,1795911109725937783,0]]', NULL, 'item: D-2026-000002
taken_at: 2026-11-29T00:11:50+00:00
attachments:
  - name: tax-return-2025.pdf
    sha256: 0733a4191c274ce722f33338161b595abd4d2123a047aa37de6b1b732d6935fe
  - name: tax-return-2025.txt
    sha256: 6580d4092d1d0dc219f9c93a2eaa79de57fce13c2aea8e84a9bf009e1a0e1a21
', true, 'ddc9bc4d77ea4e2f', NULL, NULL);
INSERT INTO public.drop VALUES (3, 'acme-bv', NULL, 'note-for-the-file', 'a6232472fb2bf3470bc1f5f7eabdcfc469cd2d9b7703a0ebe30d60bc821af8d0', 'taken', 20260000003, '2026-11-29T00:11:52.807469Z', '[["note-for-the-file.pdf",65024,2769021,145,1795911112409515390,1795911112409515390,0],["note-for-the-file.txt",65024,2769032,18,1795911112409552766,1795911112409552766,0],["note-for-the-file.yaml",65024,2769289,103,1795911112409606727,1795911112409606727,0]]', NULL, 'item: D-2026-000003
taken_at: 2026-11-29T00:11:52+00:00
attachments:
  - name: note-for-the-file.pdf
    sha256: f5cbcb397e38179c4b37c16ad7f3ba2ba2dd0e98aa2da743fb725e7bf065d0f0
  - name: note-for-the-file.txt
    sha256: 653e7d1d15f782a3d8094aa4083401e2bc5bf174b1ef2ece942499ff21696f2e
', true, '90a211454819aaf4', NULL, NULL);
INSERT INTO public.drop VALUES (4, 'acme-bv', NULL, 'engagement-letter-2026', 'e7e6f2cf8d81f92ab1a24d7fd71b9b8438d7adf3c6601cdc85606f04928792ae', 'taken', 20260000004, '2026-11-29T00:11:54.279575Z', '[["engagement-letter-2026.pdf",65024,2773952,150,1795911113906622745,1795911113906622745,0],["engagement-letter-2026.txt",65024,2773953,23,1795911113907139566,1795911113907139566,0],["engagement-letter-2026.yaml",65024,2773954,143,1795911113907656968,1795911113907656968,0]]', NULL, 'item: D-2026-000004
taken_at: 2026-11-29T00:11:54+00:00
attachments:
  - name: engagement-letter-2026.pdf
    sha256: 4b9defd1edebb6777c907f69e9d9ac3685ca05007aa5715d405df75475288bb8
  - name: engagement-letter-2026.txt
    sha256: 910c856b8db8a699ef212ef175de80451e482aa6aa9083062616e7c28597edf0
', true, 'fb8834ac2cee9cc7', NULL, NULL);
INSERT INTO public.drop VALUES (5, 'acme-bv', NULL, 'payroll-october-2026', '74aaf50ed55b1a2b00d1aeebafff421f5380ae6c1f92aaea9ea7271108256ac6', 'taken', 20260000005, '2026-11-29T00:11:58.072229Z', '[["payroll-october-2026.pdf",65024,2774150,148,1795911117672824356,1795911117672824356,0],["payroll-october-2026.txt",65024,2774156,21,1795911117673304412,1795911117673304412,0],["payroll-october-2026.yaml",65024,2774158,141,1795911117673773953,1795911117673773953,0]]', NULL, 'item: D-2026-000005
taken_at: 2026-11-29T00:11:58+00:00
attachments:
  - name: payroll-october-2026.pdf
    sha256: c74877734c834674769465b7eec4a5b420139108df91462217d55fdc96259531
  - name: payroll-october-2026.txt
    sha256: fd7e8c8e4e77892d7781f02c81e00ca0a1bd57255f70fbfe9142b821c0b07053
', true, '9078099e649949b9', NULL, NULL);
INSERT INTO public.drop VALUES (6, 'acme-bv', NULL, 'letter-to-the-wrong-year', '598baf5c302344af487c4d0ba691f7df9a45366bd801ac0a7c4fe576cf8f361b', 'taken', 20260000006, '2026-11-29T00:12:02.046047Z', '[["letter-to-the-wrong-year.pdf",65024,2768955,152,1795911121582001188,1795911121582001188,0],["letter-to-the-wrong-year.txt",65024,2769022,25,1795911121582035880,1795911121582035880,0],["letter-to-the-wrong-year.yaml",65024,2769608,117,1795911121582111502,1795911121582111502,0]]', NULL, 'item: D-2026-000006
taken_at: 2026-11-29T00:12:02+00:00
attachments:
  - name: letter-to-the-wrong-year.pdf
    sha256: 42c8e01fc25b807e4490169468e72867d76f7e5828160cb8c1dcea16628a3440
  - name: letter-to-the-wrong-year.txt
    sha256: 8b408efb9fb57e57325c0f7ff3a3685df45719b5e8ab837d948106b17caee2dd
', true, '07f49e03880e45a4', NULL, NULL);
INSERT INTO public.drop VALUES (7, 'acme-bv', NULL, 'advice-on-a-merger', '76eaf751b123985c96353e329411bb9417850564256aca434773d0e2d5fda52d', 'taken', 20260000007, '2026-11-29T00:12:07.350513Z', '[["advice-on-a-merger.pdf",65024,2770670,146,1795911126918633631,1795911126918633631,0],["advice-on-a-merger.txt",65024,2770690,19,1795911126918769073,1795911126918769073,0],["advice-on-a-merger.yaml",65024,2770706,111,1795911126918917264,1795911126918917264,0]]', NULL, 'item: D-2026-000007
taken_at: 2026-11-29T00:12:07+00:00
attachments:
  - name: advice-on-a-merger.pdf
    sha256: 51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff
  - name: advice-on-a-merger.txt
    sha256: ea9e6b1fa81e3111096742ee67340ab60794604963c356309e44e47721284e02
', true, '7ab3a39d77bd23d5', NULL, NULL);
INSERT INTO public.drop VALUES (8, 'acme-bv', NULL, 'wrong', NULL, 'refused', NULL, '2026-11-29T00:12:16.255147Z', '[["wrong.yaml",65024,2771087,15,1795911135715634522,1795911135715634522,0]]', '20261129-001216-wrong', 'wrong.yaml:1: `description` has 1 characters; give at least 8, so that the client can tell what it is
wrong.yaml:1: this file is `root`''s, who is nobody in config/staff.yaml (os_user); or say who made it with `created_by`
', true, '4a57c63c2f430216', NULL, '{"nl":"wrong.yaml:1: `description` heeft 1 tekens; geef er minstens 8, zodat de klant kan zien wat het is\nwrong.yaml:1: dit bestand is van `root`, en die staat niet in config/staff.yaml (os_user); of zeg met `created_by` wie het maakte\n"}');
INSERT INTO public.edition VALUES (202600000010001, 20260000001, 'sha256:eb592e4cd82f0325e13cc48c47f4d4186a82f87269068c4fc9f9b9d8a8e142b5', '{"description":"Annual accounts 2025","explanation":null,"attachments":[{"name":"annual-accounts-2025.pdf","size":148,"sha256":"bc709d19ef1252e1d8a9e27984090a94f8d0b5e44a5b035eb96c1a104c1979f7","media_type":"application/pdf"},{"name":"annual-accounts-2025.txt","size":21,"sha256":"9ea201e1cf3cd8355d79b76dacfae65b4e883a5e279be0b35900487c54da984c","media_type":"text/plain"}]}', 'standing', 'm.devries', '2026-11-29T00:11:47.035725Z', 'm.devries', '2026-11-29T00:11:47.035725Z', '["m.devries","os:root"]');
INSERT INTO public.edition VALUES (202600000020001, 20260000002, 'sha256:63345e719a1c488c38fcdd4976d2eb2508fce081ab6404067beddce42f7a5268', '{"description":"Tax return 2025","explanation":null,"attachments":[{"name":"tax-return-2025.pdf","size":143,"sha256":"0733a4191c274ce722f33338161b595abd4d2123a047aa37de6b1b732d6935fe","media_type":"application/pdf"},{"name":"tax-return-2025.txt","size":16,"sha256":"6580d4092d1d0dc219f9c93a2eaa79de57fce13c2aea8e84a9bf009e1a0e1a21","media_type":"text/plain"}]}', 'pending', 'p.bakker', '2026-11-29T00:11:50.222067Z', NULL, NULL, '["p.bakker","os:root"]');
INSERT INTO public.edition VALUES (202600000040001, 20260000004, 'sha256:459de039ba261519222b1f061ddd21a85f21b6d1b25f0c0a6298bf4c951d2ce0', '{"description":"Engagement letter 2026","explanation":null,"attachments":[{"name":"engagement-letter-2026.pdf","size":150,"sha256":"4b9defd1edebb6777c907f69e9d9ac3685ca05007aa5715d405df75475288bb8","media_type":"application/pdf"},{"name":"engagement-letter-2026.txt","size":23,"sha256":"910c856b8db8a699ef212ef175de80451e482aa6aa9083062616e7c28597edf0","media_type":"text/plain"}]}', 'standing', 'p.bakker', '2026-11-29T00:11:54.279575Z', 'm.devries', '2026-11-29T00:12:10.417769Z', '["p.bakker","os:root"]');
INSERT INTO public.edition VALUES (202600000050001, 20260000005, 'sha256:75026bed944830a306aa945d363d836657c8e48e139482c645636bdb87bcb130', '{"description":"Payroll October 2026","explanation":null,"attachments":[{"name":"payroll-october-2026.pdf","size":148,"sha256":"c74877734c834674769465b7eec4a5b420139108df91462217d55fdc96259531","media_type":"application/pdf"},{"name":"payroll-october-2026.txt","size":21,"sha256":"fd7e8c8e4e77892d7781f02c81e00ca0a1bd57255f70fbfe9142b821c0b07053","media_type":"text/plain"}]}', 'returned', 'p.bakker', '2026-11-29T00:11:58.072229Z', NULL, NULL, '["p.bakker","os:root"]');
INSERT INTO public.edition VALUES (202600000060001, 20260000006, 'sha256:207d4ac0e1234704f4dc95e776af5abf85fd277dbae5737eefae473350149b95', '{"description":"Letter to the wrong year","explanation":null,"attachments":[{"name":"letter-to-the-wrong-year.pdf","size":152,"sha256":"42c8e01fc25b807e4490169468e72867d76f7e5828160cb8c1dcea16628a3440","media_type":"application/pdf"},{"name":"letter-to-the-wrong-year.txt","size":25,"sha256":"8b408efb9fb57e57325c0f7ff3a3685df45719b5e8ab837d948106b17caee2dd","media_type":"text/plain"}]}', 'withdrawn', 'm.devries', '2026-11-29T00:12:02.046047Z', 'm.devries', '2026-11-29T00:12:02.046047Z', '["m.devries","os:root"]');
INSERT INTO public.edition VALUES (202600000070001, 20260000007, 'sha256:92d57b9dec4f2183b9c65e9a2007619d4cdb819288fbb13d9fe2aed4948aeea3', '{"description":"Advice on a merger","explanation":null,"attachments":[{"name":"advice-on-a-merger.pdf","size":146,"sha256":"51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff","media_type":"application/pdf"},{"name":"advice-on-a-merger.txt","size":19,"sha256":"ea9e6b1fa81e3111096742ee67340ab60794604963c356309e44e47721284e02","media_type":"text/plain"}]}', 'standing', 'm.devries', '2026-11-29T00:12:07.350513Z', 'm.devries', '2026-11-29T00:12:07.350513Z', '["m.devries","os:root"]');
INSERT INTO public.edition VALUES (202600000070002, 20260000007, 'sha256:11e37addb6727bfca393b275e46331ba8317320eedd662a7dba31c9a7067daba', '{"description":"Advice on a merger","explanation":null,"attachments":[{"name":"advice-on-a-merger.pdf","size":146,"sha256":"51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff","media_type":"application/pdf"},{"name":"advice-on-a-merger.txt","size":17,"sha256":"6fcabf9fc74c67605d8603bfcc01efc9f78a06fe4024cc36de26b18268f94efa","media_type":"text/plain"}]}', 'pending', 'p.bakker', '2026-11-29T00:12:15.162110Z', NULL, NULL, '["m.devries","os:root","p.bakker"]');
INSERT INTO public.event VALUES (1, '2026-11-29T00:11:47.035725Z', 'm.devries', 'created', 20260000001, NULL, '50950698079f234871fe7348aed10ae4c1a3a3c9c64d793ec881b805bf8fadbb', 'efef6016d9d35cb72e1e259811e4620dd105b7b35bf59da69874ac326fa8b978', 'drop', 'os:root');
INSERT INTO public.event VALUES (2, '2026-11-29T00:11:47.035725Z', 'm.devries', 'approved', 20260000001, NULL, 'e3dab7d9b0d6e6ee79bce04c28a62198df72c0526832ed6ba07ce8ee4965318c', '150b6e3178ee3f732f7a61e059367b3b6c45d7fa289f6226634aa55153ab69ba', 'drop', 'os:root');
INSERT INTO public.event VALUES (3, '2026-11-29T00:11:47.177498Z', 'dossier', 'published', 20260000001, NULL, 'bc25f5a27b4f59d564ce90f4e5330895a6dc29a3ddedef8da35277c8cfb8df93', '7e495a8e34480de8c658dec16427b2b9a2cf812388b7704dd0a102701186f423', 'daemon', NULL);
INSERT INTO public.event VALUES (4, '2026-11-29T00:11:48.050227Z', 'dossier', 'notified', 20260000001, NULL, '86438858088beade3deee62db89be46ae15232fc7e56fc9478172b5ce38d6b63', '7164a60aa7c44701862106c7f1a417b5b3c17601a337e844209c593c159c4703', 'daemon', NULL);
INSERT INTO public.event VALUES (5, '2026-11-29T00:11:50.222067Z', 'p.bakker', 'created', 20260000002, NULL, '55aefe32c8f19d741e980b89a4688f4a2324557a90f567e5d99c16ea59440002', '6a1d69a531a292c17bda373b826988f1ef225391375ebd28aa87734b595f1807', 'drop', 'os:root');
INSERT INTO public.event VALUES (6, '2026-11-29T00:11:50.222067Z', 'p.bakker', 'offered', 20260000002, NULL, 'b0dbf98e06bd71ed560c1544aa9f97581543fc7fee84c696e7c6d6df21ab48d5', 'f109a30297d1eeb05cd59e55a951774f4cf71b68a841f798fea0eec69b344331', 'drop', 'os:root');
INSERT INTO public.event VALUES (7, '2026-11-29T00:11:51.354511Z', 'dossier', 'notified', 20260000002, NULL, 'fff1b9b48574069e4e6abc64097ff092c814db553917b6a519c2a14179e76f80', 'c89045e2cf4f55f8cfeec44ef840ec5aaed4d4340c926b1f6f00614c9386a7a6', 'daemon', NULL);
INSERT INTO public.event VALUES (8, '2026-11-29T00:11:52.807469Z', 'p.bakker', 'created', 20260000003, NULL, 'b79326c879d04b2381239e3e43f21b572616a5cbbaea32b1d85af5439b046fe3', 'a0f8147a8b7c5160eb4db06bf92595af4434b4154213ccbc41569632fd32f8b3', 'drop', 'os:root');
INSERT INTO public.event VALUES (9, '2026-11-29T00:11:54.279575Z', 'p.bakker', 'created', 20260000004, NULL, 'edd6d4a727b7293d4db47fd6e9b25d99a6fc7f9df519b3327622ea2a582aa0a7', '55c9f6dd254deca7c90a136697166390f23f006ffe0573ff4632f88eb3cd9c8e', 'drop', 'os:root');
INSERT INTO public.event VALUES (10, '2026-11-29T00:11:54.279575Z', 'p.bakker', 'offered', 20260000004, NULL, '6a2af7c0e577aa09ddef84bc7f47d1d94560dff98c57790d325402e3527ab481', '45c5b04174447c0cbb55814d8bfc7ef8b86a00cfff40319131fd3418103d2053', 'drop', 'os:root');
INSERT INTO public.event VALUES (11, '2026-11-29T00:11:56.105333Z', 'dossier', 'notified', 20260000004, NULL, '1ec8687a44838baec98cad39309f84d8e731295c1cc6283e00fc420832942196', '3e875aa31753201989842ce27d3fa326f7c6a543f40d4b8b3c86272d8eb34642', 'daemon', NULL);
INSERT INTO public.event VALUES (12, '2026-11-29T00:11:58.072229Z', 'p.bakker', 'created', 20260000005, NULL, '2f9b4743f69831e164223048ceed129c14f9b0436073b83e882013de75767bbb', 'a974601b91a9d273c86dab73a83f177d47d77668b13b87b32807b060adf6d44e', 'drop', 'os:root');
INSERT INTO public.event VALUES (13, '2026-11-29T00:11:58.072229Z', 'p.bakker', 'offered', 20260000005, NULL, 'd818ee77b15781e75988f8f4c8e2c065b84e2799b61eb762ae3b8b6754d3d65a', '426dbb535b967c35b25a58d8f9df509f1b9b924f7acf267b2671d8cc5c4174b7', 'drop', 'os:root');
INSERT INTO public.event VALUES (14, '2026-11-29T00:11:59.949465Z', 'dossier', 'notified', 20260000005, NULL, '8d66ce5679ae6309d3a1e0e03ec4439db95ee24c2b794751a7b1012de5152c60', 'e550ecd09004cde466c1997d4fb92a2c9e95e168ce98098b7c945fcc7c9c5928', 'daemon', NULL);
INSERT INTO public.event VALUES (15, '2026-11-29T00:12:00.153471Z', 'dossier', 'notified', 20260000005, NULL, 'ac53f56869c227c87d6ac52694a3825cf93b7da03dcf572125e427e0194078b7', '9d66f6fa8ba39e01884da8c0218065abbc00eb12a2e5ef8da86c97b6de578f78', 'daemon', NULL);
INSERT INTO public.event VALUES (16, '2026-11-29T00:12:02.046047Z', 'm.devries', 'created', 20260000006, NULL, '20fd99e32ca85c487a6721d40d71a853855d07a635692f9a1f46b74cd5d1becc', '23777a15cac380a8eeb3e0e7c7b9ce02535ba16b0b1bf75b452572dedbe802a9', 'drop', 'os:root');
INSERT INTO public.event VALUES (17, '2026-11-29T00:12:02.046047Z', 'm.devries', 'approved', 20260000006, NULL, '6565d8fc048eb55a35a576d4a48a611f6c1b8ebdffb2185000f4fee29e5d6ac4', '3e556a9bc202c4a56251ee638f9cb2c7a722551b1528f75a14b8b792df07abda', 'drop', 'os:root');
INSERT INTO public.event VALUES (18, '2026-11-29T00:12:02.275603Z', 'dossier', 'published', 20260000006, NULL, 'ebb4e61229a5fbc0a58cae39e1b92f870859e36e74d3bf62fb2e7c94b3fa90a1', 'c819749088dd42f5d918b889ce16016b34cbc6e32d8285f3617b4d2ec39433bd', 'daemon', NULL);
INSERT INTO public.event VALUES (19, '2026-11-29T00:12:07.350513Z', 'm.devries', 'created', 20260000007, NULL, 'f86da0af8edddd8955b9937e7c29e8624a6da25cb23ddfbe380ec4b7946dac61', '7d95f6ecb58402843a3f29ea0e86b41b3e2718d9ed70494e45ef1465558569ad', 'drop', 'os:root');
INSERT INTO public.event VALUES (20, '2026-11-29T00:12:07.350513Z', 'm.devries', 'approved', 20260000007, NULL, '3cd8862e851115f410b3e030d8e50335363c20e14ef95b979a799a411b360625', '014f29ef3e20106fd483ea85a811f1485b62e21052e1ced22592307a90761903', 'drop', 'os:root');
INSERT INTO public.event VALUES (21, '2026-11-29T00:12:07.558063Z', 'dossier', 'published', 20260000007, NULL, '9376e3d5d070964cd5043f6f32708271a67ae560cc4bfe844c784c068298bff8', 'ea92506bbb7ceafb1cf10d106d9c7a264180e399f9735d7afc199b61799aec65', 'daemon', NULL);
INSERT INTO public.event VALUES (22, '2026-11-29T00:12:10.417769Z', 'm.devries', 'approved', 20260000004, NULL, '01ac6b842a90163ea5c7ce538260f848f4cee83007b74b1d681bae6b6c86e384', '62fcb7a8e65177c116faedb3966b0807d61ff3126c5c17eb9f87b903720603b5', 'command', 'os:root');
INSERT INTO public.event VALUES (23, '2026-11-29T00:12:10.721402Z', 'k.smit', 'rejected', 20260000005, NULL, 'fdd5ee575e9f967ec9977303b98f966aa3da6859df77432c92f037f87b7e34e7', '16476573627367cf49d33cefca051de6dac311f8fcf0a16124a49568d6519e6a', 'command', 'os:root');
INSERT INTO public.event VALUES (24, '2026-11-29T00:12:11.221748Z', 'm.devries', 'withdrawn', 20260000006, NULL, 'a0278beee7850d15d36f1acaba7c2052e9099e49e5bfede0e834391c68aec442', 'df6b134277a29b63ea6969ee4c5e07bf4d9433a27fbd85a6ece7050584151c97', 'command', 'os:root');
INSERT INTO public.event VALUES (25, '2026-11-29T00:12:11.929741Z', 'j.admin', 'held', NULL, NULL, 'ebb748a2840ba2cc3bcdbc6af7d23f19d422ad20ee384e16ad5963b5c6317af8', '795e00d401b2e461c7f7dfb3794523d37d1b4960958be988ddef1bc7aa90d9eb', 'command', 'os:root');
INSERT INTO public.event VALUES (26, '2026-11-29T00:12:12.490640Z', 'dossier', 'taken_off', 20260000006, NULL, '0f9fefc4dc6fda08d7aab2e333b73cc42781b579f7f566b5b496c17574409996', '3c72cbbebfcbd0723a4107aacd4113d01126791704deb13930d5652555bff646', 'daemon', NULL);
INSERT INTO public.event VALUES (27, '2026-11-29T00:12:13.285805Z', 'dossier', 'published', 20260000004, NULL, '98cb0b040e5767da262d39131799660fe4d305caa8a0c3f2951b484374ec0682', '2bb1fe63278b9f1ffa1c475884d8a5f896335865505ba9f50fa0289be4a1c1f0', 'daemon', NULL);
INSERT INTO public.event VALUES (28, '2026-11-29T00:12:13.888655Z', 'dossier', 'notified', 20260000004, NULL, '81138763f6174812be01b5b0a5dd37b35bf3d5e76b315c62b191c2f06451f526', '33dc4041161480ed8b957dca7970f47fd49080749627f0b65dc44746fe4a834d', 'daemon', NULL);
INSERT INTO public.event VALUES (29, '2026-11-29T00:12:14.012600Z', 'dossier', 'notified', NULL, NULL, 'e46edf22205e7872e384bbb8443cf6017c61ef72a7432cfce1ad04c5343f3f3e', '6443fb5c7d0c0047ba02e42a5edb815e482c31807642e0080000855258828558', 'daemon', NULL);
INSERT INTO public.event VALUES (30, '2026-11-29T00:12:14.012600Z', 'dossier', 'notified', 20260000004, NULL, '1df840861dd811154f936ab5da12e6137f7da40cbfdbaa6e59188108e7d83c68', 'a269b733364bf52c14745194213970c248c0a2cc2fdbbe4d30bd5db71618f0af', 'daemon', NULL);
INSERT INTO public.event VALUES (31, '2026-11-29T00:12:14.012600Z', 'dossier', 'notified', 20260000005, NULL, '47fb9169c76243188b77c97a9c9f74d8b98b6a8871b94d9fd3463c4ceed39fa3', '888938250dc7155d2bb90c470021f00e8d341bff3be39b792b7dab51fa64c471', 'daemon', NULL);
INSERT INTO public.event VALUES (32, '2026-11-29T00:12:15.162110Z', 'p.bakker', 'amended', 20260000007, NULL, 'f6726378efbbff8d2e117cdd315ce52d75ce5cc4056b7fdd371ab7614e6d4400', '4c10d95ba593872984af095633b60fd209dfeabb7fad039fbc647bbeb595c40d', 'command', 'os:root');
INSERT INTO public.event VALUES (33, '2026-11-29T00:12:15.162110Z', 'p.bakker', 'offered', 20260000007, NULL, 'bd341c76cf7e18d9560247dace4acfb9c99aaf582dc4a888d1cb681167a5b7db', '99ffb86987173847a5d1d9677563937966d9af185a477ccb21d4e4894400368d', 'command', 'os:root');
INSERT INTO public.event VALUES (34, '2026-11-29T00:12:15.608844Z', 'k.smit', 'viewed', 20260000002, NULL, '31a7804da28b07cc28834f9821952723c258fde1bf706cddeb8cefa926eeaa29', '8bbc3af88359f4b06e70365c08eb716599d8f6b70540c1b961d303afffc31e47', 'command', 'os:root');
INSERT INTO public.event VALUES (35, '2026-11-29T00:12:16.255147Z', 'os:root', 'refused', NULL, 'acme-bv', 'a8e2b84f1eb3f87ba3fccddad1d1bf8b41caa0a3365e80089ef67e51ec2fc15a', '81dc529cfb8c519a116b28aa0bac092114fd076006e01b17bd26d2d56ad258f3', 'drop', 'os:root');
INSERT INTO public.event VALUES (36, '2026-11-29T00:12:16.331527Z', 'dossier', 'passed_on', 20260000007, NULL, '53f645bc1dd6351a57b9ad0b3cb72b20411e89cae15f1416ab7d3bd2dda777ab', 'f40f821d6d913d6d03b320ea56c64399eca385e2d3a23fae5d836972d8cdd8f3', 'daemon', NULL);
INSERT INTO public.event VALUES (37, '2026-11-29T00:12:19.022923Z', 'dossier', 'notified', 20260000007, NULL, 'd4f2f9817fc1800af1c52f8b5786873c49ae94d14b5b24e0b5e61b3fbce73d0f', '13f175883495d355b9d9a17f99e44c35f24205673aa4b6b03f1ebc8f52515721', 'daemon', NULL);
INSERT INTO public.event VALUES (38, '2026-11-29T00:12:21.050436Z', 'm.devries', 'notify_asked', 20260000001, NULL, 'a629dd91aa727d27d486c02d3bd5cc4ed1f4838923eeba15e0294f501422bd56', '71fdc86b03e561b8839fb8989e560db6d3c46df06fd972d393f59be5ba1d837c', 'command', 'os:root');
INSERT INTO public.event VALUES (39, '2026-11-29T00:12:21.745466Z', 'j.admin', 'viewed', 20260000007, NULL, '620f5f1b80937b4bfbc0bdcdc2a30b44f1c576b7f151141f95d8611437e0ce16', 'a08966a9bd9a058852d1a1e048abfeeaa59fdadc14378b7aff0551f895a158e6', 'command', 'os:root');
INSERT INTO public.event VALUES (40, '2026-11-29T00:12:22.186640Z', 'j.admin', 'viewed', 20260000006, NULL, 'a33647a74fb9ea0ae7e1313b146041d62af2d986d0cd06a01edb9eccb2fefff2', 'dcfab08997b9f36e5238d68a8789174febeb271bfa104a3b9973862b5dd010ff', 'command', 'os:root');
INSERT INTO public.event VALUES (41, '2026-11-29T00:12:22.593136Z', 'j.admin', 'viewed', 20260000005, NULL, '690222a23710c62a94c7ba3640d3d9fd32e893e1c906967169ae154474d55cea', '18a9b1db710760e553490ba032c0a08958bddb43cb93337560e6fd5084324189', 'command', 'os:root');
INSERT INTO public.event VALUES (42, '2026-11-29T00:12:23.032928Z', 'j.admin', 'viewed', 20260000004, NULL, '29960df2d292597ef3b72eead879b62c5a536e9d23260527576ea01530ef0cb3', 'eaa9140bfa500c4dcc07285d97ef782b285098c983a8efbc1b326854505f86c4', 'command', 'os:root');
INSERT INTO public.event VALUES (43, '2026-11-29T00:12:23.461595Z', 'j.admin', 'viewed', 20260000003, NULL, '266a17af5055cef77dd348c5cebe1f6287f3adcf0099916a702158d953d2c029', 'd50f1b64a39b1098b2c4590fdc5cb71e38387930a6510d2cb1dce8fd53da7702', 'command', 'os:root');
INSERT INTO public.event VALUES (44, '2026-11-29T00:12:23.756165Z', 'j.admin', 'viewed', 20260000002, NULL, '152c4ba6d7d4fd36ec73862c9c5495bca981a4741d4240b205838325f678a575', '0c29c412187debdd860ea129d9ee323ddb3c8b9cfe54b384e34af74060322650', 'command', 'os:root');
INSERT INTO public.event VALUES (45, '2026-11-29T00:12:24.013902Z', 'j.admin', 'viewed', 20260000001, NULL, 'fa773a6f8fd14bdfdc81b67c2ea33ec838fb1dc7349e91da0b71d918e4c53ee1', '4250746d4fcd1292d03d1a1be04dd62404edaf8db69490a86e753e36b5da782c', 'command', 'os:root');
INSERT INTO public.event_detail VALUES (1, '36b5a6593b8464c3adeeac44a5667383', '{"client":"acme-bv","source":"annual-accounts-2025.yaml","share_state":"approved","rights":["create","share","approve"],"attachments":[{"name":"annual-accounts-2025.pdf","sha256":"bc709d19ef1252e1d8a9e27984090a94f8d0b5e44a5b035eb96c1a104c1979f7","share":true},{"name":"annual-accounts-2025.txt","sha256":"9ea201e1cf3cd8355d79b76dacfae65b4e883a5e279be0b35900487c54da984c","share":true}]}');
INSERT INTO public.event_detail VALUES (2, 'dade82b2955935619d27393eedccca62', '{"outright":true,"content":"sha256:eb592e4cd82f0325e13cc48c47f4d4186a82f87269068c4fc9f9b9d8a8e142b5","rights":["create","share","approve"],"shared":["annual-accounts-2025.pdf","annual-accounts-2025.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (3, '8fed2a9637a60ca240111c9ed8aaee5c', '{"content":"sha256:eb592e4cd82f0325e13cc48c47f4d4186a82f87269068c4fc9f9b9d8a8e142b5","attachments":["annual-accounts-2025.pdf","annual-accounts-2025.txt"]}');
INSERT INTO public.event_detail VALUES (4, '20cb83d408cca1918129661ba10ac202', '{"kind":"ready","to":"j.jansen","email":"j.jansen@acme.example","message_id":"<D-2026-000001.ready.f403488dc7d337f5@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (5, '0bbd8548e292fefd335a5ad60f28125d', '{"client":"acme-bv","source":"tax-return-2025.yaml","share_state":"concept","rights":["create"],"attachments":[{"name":"tax-return-2025.pdf","sha256":"0733a4191c274ce722f33338161b595abd4d2123a047aa37de6b1b732d6935fe","share":true},{"name":"tax-return-2025.txt","sha256":"6580d4092d1d0dc219f9c93a2eaa79de57fce13c2aea8e84a9bf009e1a0e1a21","share":true}]}');
INSERT INTO public.event_detail VALUES (6, 'b8c48ff3f49dcd214bf06de25d9ddade', '{"content":"sha256:63345e719a1c488c38fcdd4976d2eb2508fce081ab6404067beddce42f7a5268","approvers":["k.smit"],"approvals":"all","shared":["tax-return-2025.pdf","tax-return-2025.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (7, 'b7f3c3e7cde74ca5fde577395d02ed5b', '{"kind":"decide","to":"k.smit","email":"k.smit@office.example","message_id":"<D-2026-000002.decide.9dd7a3b7e269306b@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (8, '5cc6ca6d0540ff0520cb4a35444cabb5', '{"client":"acme-bv","source":"note-for-the-file.yaml","share_state":"private","rights":["create"],"attachments":[{"name":"note-for-the-file.pdf","sha256":"f5cbcb397e38179c4b37c16ad7f3ba2ba2dd0e98aa2da743fb725e7bf065d0f0","share":false},{"name":"note-for-the-file.txt","sha256":"653e7d1d15f782a3d8094aa4083401e2bc5bf174b1ef2ece942499ff21696f2e","share":false}]}');
INSERT INTO public.event_detail VALUES (9, '422264477cf1d02efca21b83d46faa15', '{"client":"acme-bv","source":"engagement-letter-2026.yaml","share_state":"concept","rights":["create"],"attachments":[{"name":"engagement-letter-2026.pdf","sha256":"4b9defd1edebb6777c907f69e9d9ac3685ca05007aa5715d405df75475288bb8","share":true},{"name":"engagement-letter-2026.txt","sha256":"910c856b8db8a699ef212ef175de80451e482aa6aa9083062616e7c28597edf0","share":true}]}');
INSERT INTO public.event_detail VALUES (10, '2f3d4f6b61582963896c7a20ab089b75', '{"content":"sha256:459de039ba261519222b1f061ddd21a85f21b6d1b25f0c0a6298bf4c951d2ce0","approvers":["m.devries"],"approvals":"all","shared":["engagement-letter-2026.pdf","engagement-letter-2026.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (11, 'f8e7d8cd2285a315cbee122793e197b9', '{"kind":"decide","to":"m.devries","email":"m.devries@office.example","message_id":"<D-2026-000004.decide.e1dbe636f1b46897@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (12, '9dcec61480dd8d9b426e640ef1101bbe', '{"client":"acme-bv","source":"payroll-october-2026.yaml","share_state":"concept","rights":["create"],"attachments":[{"name":"payroll-october-2026.pdf","sha256":"c74877734c834674769465b7eec4a5b420139108df91462217d55fdc96259531","share":true},{"name":"payroll-october-2026.txt","sha256":"fd7e8c8e4e77892d7781f02c81e00ca0a1bd57255f70fbfe9142b821c0b07053","share":true}]}');
INSERT INTO public.event_detail VALUES (13, '64dc9916ab347ea7c6c58b851df7c4f5', '{"content":"sha256:75026bed944830a306aa945d363d836657c8e48e139482c645636bdb87bcb130","approvers":["m.devries","k.smit"],"approvals":"all","shared":["payroll-october-2026.pdf","payroll-october-2026.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (14, 'bddeae8dc4d8ea7ec05c12730a8bbe75', '{"kind":"decide","to":"m.devries","email":"m.devries@office.example","message_id":"<D-2026-000005.decide.e7898cb3b28bd21e@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (15, 'a955e7da0f8dc32af3a65c512b559311', '{"kind":"decide","to":"k.smit","email":"k.smit@office.example","message_id":"<D-2026-000005.decide.7c4d4d431ec4cc42@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (16, '1c6e970f4e3db3924c45894306339a55', '{"client":"acme-bv","source":"letter-to-the-wrong-year.yaml","share_state":"approved","rights":["create","share","approve"],"attachments":[{"name":"letter-to-the-wrong-year.pdf","sha256":"42c8e01fc25b807e4490169468e72867d76f7e5828160cb8c1dcea16628a3440","share":true},{"name":"letter-to-the-wrong-year.txt","sha256":"8b408efb9fb57e57325c0f7ff3a3685df45719b5e8ab837d948106b17caee2dd","share":true}]}');
INSERT INTO public.event_detail VALUES (17, '5c1ccc8b450eaed68308861533804193', '{"outright":true,"content":"sha256:207d4ac0e1234704f4dc95e776af5abf85fd277dbae5737eefae473350149b95","rights":["create","share","approve"],"shared":["letter-to-the-wrong-year.pdf","letter-to-the-wrong-year.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (18, 'ee4c9eb0775b5b531fdf26d4152cc0ca', '{"content":"sha256:207d4ac0e1234704f4dc95e776af5abf85fd277dbae5737eefae473350149b95","attachments":["letter-to-the-wrong-year.pdf","letter-to-the-wrong-year.txt"]}');
INSERT INTO public.event_detail VALUES (19, 'cdba5c64fc4e2b9c9605bb36601eb04b', '{"client":"acme-bv","source":"advice-on-a-merger.yaml","share_state":"approved","rights":["create","share","approve"],"attachments":[{"name":"advice-on-a-merger.pdf","sha256":"51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff","share":true},{"name":"advice-on-a-merger.txt","sha256":"ea9e6b1fa81e3111096742ee67340ab60794604963c356309e44e47721284e02","share":true}]}');
INSERT INTO public.event_detail VALUES (20, '2747d8e179e40df692c6079217ce20d3', '{"outright":true,"content":"sha256:92d57b9dec4f2183b9c65e9a2007619d4cdb819288fbb13d9fe2aed4948aeea3","rights":["create","share","approve"],"shared":["advice-on-a-merger.pdf","advice-on-a-merger.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (21, 'dc83f3468b9f66763c603b373cadde93', '{"content":"sha256:92d57b9dec4f2183b9c65e9a2007619d4cdb819288fbb13d9fe2aed4948aeea3","attachments":["advice-on-a-merger.pdf","advice-on-a-merger.txt"]}');
INSERT INTO public.event_detail VALUES (22, '7293f26dcf73cdc9925dd88e5b606f02', '{"content":"sha256:459de039ba261519222b1f061ddd21a85f21b6d1b25f0c0a6298bf4c951d2ce0","seat":"m.devries","comment":"","rights":["create","share","approve"],"outright":false,"still_needed":0}');
INSERT INTO public.event_detail VALUES (23, '784116f567145c379504c541406ec159', '{"content":"sha256:75026bed944830a306aa945d363d836657c8e48e139482c645636bdb87bcb130","seat":"k.smit","comment":"September is missing","rights":["create","approve"]}');
INSERT INTO public.event_detail VALUES (24, 'e2701e867715cfeff7d04c95c6db1098', '{"reason":"wrong year","was_public":true,"rights":["create","share","approve"]}');
INSERT INTO public.event_detail VALUES (25, '4b1e42410c638e89ef61fc8588a35b53', '{"hold":"D-2026-000003","reason":"complaint"}');
INSERT INTO public.event_detail VALUES (26, 'b37698a597d926c130a641b6ae5bd051', '{}');
INSERT INTO public.event_detail VALUES (27, '3dacc179e4d321a97d46249aaceeefff', '{"content":"sha256:459de039ba261519222b1f061ddd21a85f21b6d1b25f0c0a6298bf4c951d2ce0","attachments":["engagement-letter-2026.pdf","engagement-letter-2026.txt"]}');
INSERT INTO public.event_detail VALUES (28, '1583c71021d3e4e2e0ed2b2eb2b36437', '{"kind":"ready","to":"j.jansen","email":"j.jansen@acme.example","message_id":"<D-2026-000004.ready.0bbc9c802a4130bb@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (29, '897cd61256f64d3b05a9dfb89009c6a3', '{"kind":"notices","to":"p.bakker","email":"p.bakker@office.example","message_id":"<notices.notices.3d913a1dadcd05b7@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (30, 'edf850b27d11d28a3df91c30a5af87cc', '{"kind":"approved","to":"p.bakker","email":"p.bakker@office.example","message_id":"<notices.notices.3d913a1dadcd05b7@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (31, '1ea8c087f005ae5efc792abaf69d2bbf', '{"kind":"returned","to":"p.bakker","email":"p.bakker@office.example","message_id":"<notices.notices.3d913a1dadcd05b7@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (32, '6d2cf5566f92d3a0e6155687414a0321', '{"changed":{"approvers":{"from":[],"to":["m.devries"]}},"replaced":[{"name":"advice-on-a-merger.txt","sha256":"6fcabf9fc74c67605d8603bfcc01efc9f78a06fe4024cc36de26b18268f94efa","share":true,"version":2}],"shared":["advice-on-a-merger.pdf","advice-on-a-merger.txt"],"not_shared":[],"rights":["create"]}');
INSERT INTO public.event_detail VALUES (33, 'c4ebaca6c965034755befcb2bf46823f', '{"approvers":["m.devries"],"approvals":"all","content":"sha256:11e37addb6727bfca393b275e46331ba8317320eedd662a7dba31c9a7067daba","shared":["advice-on-a-merger.pdf","advice-on-a-merger.txt"],"not_shared":[],"rights":["create"]}');
INSERT INTO public.event_detail VALUES (34, '898bbd0400db32a36a527ed282aff2f6', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (35, '1797b07d9ca19d415c7c36a13a79842e', '{"source":"wrong","reasons":["wrong.yaml:1: `description` has 1 characters; give at least 8, so that the client can tell what it is","wrong.yaml:1: this file is `root`''s, who is nobody in config/staff.yaml (os_user); or say who made it with `created_by`"]}');
INSERT INTO public.event_detail VALUES (36, '11e65f542092b79708f21319c2453110', '{"seat":"m.devries","to":["j.admin"],"reason":"m.devries made this item, or changed what the client would see of it, and so may not approve it (four eyes)"}');
INSERT INTO public.event_detail VALUES (37, '87b91392a10c8a54aab7f45761c763f9', '{"kind":"decide","to":"j.admin","email":"j.admin@office.example","message_id":"<D-2026-000007.decide.fd5b5a71ca7adb79@office.example>","answer":"250 2.0.0 queued as 4711"}');
INSERT INTO public.event_detail VALUES (38, 'cd46a8274536327cbddd0df9aba78683', '{"contact":"j.jansen","email":"j.jansen@acme.example"}');
INSERT INTO public.event_detail VALUES (39, 'aa69c32f7daa25626c15fe81ee2c4dbb', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (40, 'b3fe4939d783cecd0ac167e7be8b75a5', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (41, 'bc1e32a66de00ff2066f5f8cb27be092', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (42, 'b593543b54313808dba71f6f096f8642', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (43, '94d14b20d4b9b49d9d1a8192fd8c27cc', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (44, 'dc35533092fdca884193d2877e6adde5', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (45, 'db893f2c62ab1d301bfca85382d57f9c', '{"how":"show"}');
INSERT INTO public.hold VALUES ('item', 'D-2026-000003', 'complaint', 'j.admin', '2026-11-29T00:12:11.929741Z');
INSERT INTO public.item VALUES (20260000001, 'acme-bv', 'Annual accounts 2025', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'published', '[]', 'all', true, 'j.jansen', 'm.devries', '2026-11-29T00:11:47.035725Z', '2026-11-29T00:11:47.177498Z', '2026-11-29T00:11:48.050227Z', 2, NULL, 202600000010001, 202600000010001, false, '{"item":["m.devries","os:root"]}', NULL, NULL, NULL);
INSERT INTO public.item VALUES (20260000002, 'acme-bv', 'Tax return 2025', 'new', NULL, NULL, '["Belasting","2025"]', NULL, '{}', true, false, 'concept', '["k.smit"]', 'all', false, NULL, 'p.bakker', '2026-11-29T00:11:50.222067Z', NULL, NULL, 1, 202600000020001, NULL, NULL, false, '{"item":["p.bakker","os:root"]}', NULL, NULL, NULL);
INSERT INTO public.item VALUES (20260000003, 'acme-bv', 'Note for the file', 'new', NULL, '2025/Notes', '[]', 'café, only ours', '{}', false, false, 'private', '[]', 'all', false, NULL, 'p.bakker', '2026-11-29T00:11:52.807469Z', NULL, NULL, 1, NULL, NULL, NULL, false, '{"item":["p.bakker","os:root"]}', NULL, NULL, NULL);
INSERT INTO public.item VALUES (20260000004, 'acme-bv', 'Engagement letter 2026', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'published', '["m.devries"]', 'all', false, 'j.jansen', 'p.bakker', '2026-11-29T00:11:54.279575Z', '2026-11-29T00:12:13.285805Z', '2026-11-29T00:12:13.888655Z', 2, NULL, 202600000040001, 202600000040001, false, '{"item":["p.bakker","os:root"]}', NULL, NULL, NULL);
INSERT INTO public.item VALUES (20260000005, 'acme-bv', 'Payroll October 2026', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'returned', '["m.devries","k.smit"]', 'all', false, NULL, 'p.bakker', '2026-11-29T00:11:58.072229Z', NULL, NULL, 2, NULL, NULL, NULL, false, '{"item":["p.bakker","os:root"]}', NULL, NULL, NULL);
INSERT INTO public.item VALUES (20260000006, 'acme-bv', 'Letter to the wrong year', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'withdrawn', '[]', 'all', false, NULL, 'm.devries', '2026-11-29T00:12:02.046047Z', '2026-11-29T00:12:02.275603Z', NULL, 2, NULL, NULL, NULL, false, '{"item":["m.devries","os:root"]}', NULL, NULL, NULL);
INSERT INTO public.item VALUES (20260000007, 'acme-bv', 'Advice on a merger', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'concept', '["m.devries"]', 'all', false, NULL, 'm.devries', '2026-11-29T00:12:07.350513Z', '2026-11-29T00:12:07.558063Z', NULL, 2, 202600000070002, 202600000070001, 202600000070001, false, '{"item":["m.devries","os:root"],"file 1":["p.bakker","os:root"],"since":["p.bakker","os:root"]}', NULL, NULL, NULL);
INSERT INTO public.item_text VALUES (20260000001, '''2025'':3A,6C,10C ''accounts'':2A,5C,9C ''annual'':1A,4C,8C ''pdf'':7C ''txt'':11C');
INSERT INTO public.item_text VALUES (20260000002, '''2025'':3A,5B,8C,12C ''belasting'':4B ''pdf'':9C ''return'':2A,7C,11C ''tax'':1A,6C,10C ''txt'':13C');
INSERT INTO public.item_text VALUES (20260000003, '''cafe'':5 ''file'':4A,11C,16C ''for'':2A,9C,14C ''note'':1A,8C,13C ''only'':6 ''ours'':7 ''pdf'':12C ''the'':3A,10C,15C ''txt'':17C');
INSERT INTO public.item_text VALUES (20260000004, '''2026'':3A,6C,10C ''engagement'':1A,4C,8C ''letter'':2A,5C,9C ''pdf'':7C ''txt'':11C');
INSERT INTO public.item_text VALUES (20260000005, '''2026'':3A,6C,10C ''october'':2A,5C,9C ''payroll'':1A,4C,8C ''pdf'':7C ''txt'':11C');
INSERT INTO public.item_text VALUES (20260000006, '''letter'':1A,6C,12C ''pdf'':11C ''the'':3A,8C,14C ''to'':2A,7C,13C ''txt'':17C ''wrong'':4A,9C,15C ''year'':5A,10C,16C');
INSERT INTO public.item_text VALUES (20260000007, '''a'':3A,7C,12C ''advice'':1A,5C,10C ''merger'':4A,8C,13C ''on'':2A,6C,11C ''pdf'':9C ''txt'':14C');
INSERT INTO public.label VALUES (20260000002, '2025');
INSERT INTO public.label VALUES (20260000002, 'belasting');
INSERT INTO public.listing VALUES ('acme-bv', 788);
INSERT INTO public.mail VALUES (1, '<D-2026-000001.ready.f403488dc7d337f5@office.example>', 'ready', 20260000001, 'acme-bv', 'j.jansen', 'Jan Jansen', 'j.jansen@acme.example', 'nl', '{}', 'sent', 1, '2026-11-29T00:11:47.177498Z', '2026-11-29T00:11:47.177498Z', '2026-11-29T00:11:48.050227Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (2, '<D-2026-000002.decide.9dd7a3b7e269306b@office.example>', 'decide', 20260000002, 'acme-bv', 'k.smit', 'Karel Smit', 'k.smit@office.example', 'en', '{"edition":202600000020001,"seat":null}', 'sent', 1, '2026-11-29T00:11:50.342015Z', '2026-11-29T00:11:50.342015Z', '2026-11-29T00:11:51.354511Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (3, '<D-2026-000004.decide.e1dbe636f1b46897@office.example>', 'decide', 20260000004, 'acme-bv', 'm.devries', 'Marieke de Vries', 'm.devries@office.example', 'en', '{"edition":202600000040001,"seat":null}', 'sent', 1, '2026-11-29T00:11:54.377151Z', '2026-11-29T00:11:54.377151Z', '2026-11-29T00:11:56.105333Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (4, '<D-2026-000005.decide.e7898cb3b28bd21e@office.example>', 'decide', 20260000005, 'acme-bv', 'm.devries', 'Marieke de Vries', 'm.devries@office.example', 'en', '{"edition":202600000050001,"seat":null}', 'sent', 1, '2026-11-29T00:11:59.809273Z', '2026-11-29T00:11:58.167709Z', '2026-11-29T00:11:59.949465Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (5, '<D-2026-000005.decide.7c4d4d431ec4cc42@office.example>', 'decide', 20260000005, 'acme-bv', 'k.smit', 'Karel Smit', 'k.smit@office.example', 'en', '{"edition":202600000050001,"seat":null}', 'sent', 1, '2026-11-29T00:11:59.809273Z', '2026-11-29T00:11:58.167709Z', '2026-11-29T00:12:00.153471Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (6, '<D-2026-000004.approved.1aff9acd823ecf50@office.example>', 'approved', 20260000004, 'acme-bv', 'p.bakker', 'Petra Bakker', 'p.bakker@office.example', 'en', '{"approver":"m.devries"}', 'sent', 1, '2026-11-29T00:12:10.417769Z', '2026-11-29T00:12:10.417769Z', '2026-11-29T00:12:14.012600Z', NULL, 0, 9);
INSERT INTO public.mail VALUES (7, '<D-2026-000005.returned.072bb99016119303@office.example>', 'returned', 20260000005, 'acme-bv', 'p.bakker', 'Petra Bakker', 'p.bakker@office.example', 'en', '{"description":"Payroll October 2026","approver":"Karel Smit","phone":"","comment":"September is missing"}', 'sent', 1, '2026-11-29T00:22:10.417769Z', '2026-11-29T00:12:10.721402Z', '2026-11-29T00:12:14.012600Z', NULL, 0, 9);
INSERT INTO public.mail VALUES (8, '<D-2026-000004.ready.0bbc9c802a4130bb@office.example>', 'ready', 20260000004, 'acme-bv', 'j.jansen', 'Jan Jansen', 'j.jansen@acme.example', 'nl', '{}', 'sent', 1, '2026-11-29T00:12:13.285805Z', '2026-11-29T00:12:13.285805Z', '2026-11-29T00:12:13.888655Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (9, '<notices.notices.3d913a1dadcd05b7@office.example>', 'notices', NULL, NULL, 'p.bakker', 'Petra Bakker', 'p.bakker@office.example', 'en', '{}', 'sent', 1, '2026-11-29T00:12:13.723906Z', '2026-11-29T00:12:13.723906Z', '2026-11-29T00:12:14.012600Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (10, '<D-2026-000007.decide.fd5b5a71ca7adb79@office.example>', 'decide', 20260000007, 'acme-bv', 'j.admin', 'Joost Admiraal', 'j.admin@office.example', 'en', '{"edition":202600000070002,"seat":"m.devries"}', 'sent', 1, '2026-11-29T00:12:16.331527Z', '2026-11-29T00:12:16.331527Z', '2026-11-29T00:12:19.022923Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (11, '<D-2026-000001.ready.67281eca77600aef@office.example>', 'ready', 20260000001, 'acme-bv', 'j.jansen', 'Jan Jansen', 'j.jansen@acme.example', 'nl', '{}', 'waiting', 0, '2026-11-29T00:12:21.050436Z', '2026-11-29T00:12:21.050436Z', NULL, NULL, 0, NULL);
INSERT INTO public.note VALUES ('inbox-had-clients', 'yes');
INSERT INTO public.note VALUES ('notices:j.admin', '2026-11-29T00:12:18.924530Z');
INSERT INTO public.note VALUES ('notices:k.smit', '2026-11-29T00:11:59.809273Z');
INSERT INTO public.note VALUES ('notices:m.devries', '2026-11-29T00:11:59.809273Z');
INSERT INTO public.note VALUES ('notices:p.bakker', '2026-11-29T00:12:13.723906Z');
INSERT INTO public.note VALUES ('office:id', '30b21749e09ffadc6a0b1b9965caf513');
INSERT INTO public.page VALUES ('acme-bv', '0007b83d6241da865ba065aa80769b62', '{"_pages/style.css":"b961f6d98cabbb4c030acfc890deaa6ada3148d85d4623733ce86d50701d0958","_pages/search.js":"4b6ddbeb7689cec3304f29f5cea7af373a310eb58d635f32b8d7d063928d38e6","index.html":"e4084be7c7b98fbf5f14078bf2e0889bee5e96c18bc9759f1e928f40cd485a73","items.json":"38b86c5e6645bd8f7749e1c6370e117892598e59b8dc4a1704ceb000cf895dc8","feed.xml":"41e1af594de899c82de5388dfcb542f17bcdf1685a48558eacc17dbfb374cab6"}', '[]');
INSERT INTO public.page VALUES ('northwind-ltd', 'a79ea996f70120c930b833106085f44b', '{"_pages/style.css":"b961f6d98cabbb4c030acfc890deaa6ada3148d85d4623733ce86d50701d0958","_pages/search.js":"4b6ddbeb7689cec3304f29f5cea7af373a310eb58d635f32b8d7d063928d38e6","index.html":"19c613824a263bf8a586c7d22ed09727a57731edb2437f4d4a7f7cbb1d8d73df","items.json":"c8e9067a0273439c2a8c31279de44ef1e3fdc431be78a5f9ce2f49d400347119","feed.xml":"af34995856e5f4478225d8731a2895562e664ca6b0c1c0e5f8be501dc220fc18"}', '[]');
INSERT INTO public.page_file VALUES ('D-2026-000001-dda8943c53b6f8b5edf069b6.zip', 'acme-bv', 20260000001, 'dda8943c53b6f8b5edf069b6985ff6e2a2c645bb5cab61d55cdb1496ddd4d3f4', '2d9311e6a74409ff4916b6980fb3764784c82e8fe64e4c7fadda1a1c255767c0', 439);
INSERT INTO public.page_file VALUES ('D-2026-000004-24fcdca07427ae5f5dfe73cc.zip', 'acme-bv', 20260000004, '24fcdca07427ae5f5dfe73cce34ca2cad6bf389057745fd649f146f515f7a5c9', '50a39b98bd46e0f4b0f638c27ffe3300ef5d02f73c280f0019bebbd5618a27f0', 451);
INSERT INTO public.page_file VALUES ('D-2026-000007-870ade3315c04e2781b9612c.zip', 'acme-bv', 20260000007, '870ade3315c04e2781b9612cfd28c723325fb46f762042f3e9529673543b14ff', '834d117879a32c6dbac394a0fdc32fe4383de15aa70f02d28e10d5eed244e7f4', 427);
INSERT INTO public.revision VALUES ('client acme-bv', 788);
INSERT INTO public.revision VALUES ('waiting', 788);
INSERT INTO public.schema_migration VALUES (1, '0001_first', '2026-11-29 00:12:30.312738');
INSERT INTO public.schema_migration VALUES (2, '0002_approval', '2026-11-29 00:12:30.383973');
INSERT INTO public.schema_migration VALUES (3, '0004_trail', '2026-11-29 00:12:30.41573');
INSERT INTO public.schema_migration VALUES (4, '0005_search', '2026-11-29 00:12:30.430851');
INSERT INTO public.schema_migration VALUES (5, '0006_access', '2026-11-29 00:12:30.510029');
INSERT INTO public.schema_migration VALUES (6, '0007_opening', '2026-11-29 00:12:30.531113');
INSERT INTO public.schema_migration VALUES (7, '0008_pages', '2026-11-29 00:12:30.559149');
INSERT INTO public.schema_migration VALUES (8, '0010_outbox', '2026-11-29 00:12:30.584196');
INSERT INTO public.schema_migration VALUES (9, '0020_retention', '2026-11-29 00:12:30.615245');
INSERT INTO public.schema_migration VALUES (10, '0023_growth', '2026-11-29 00:12:30.626466');
INSERT INTO public.schema_migration VALUES (11, '0024_erasure', '2026-11-29 00:12:30.649181');
INSERT INTO public.schema_migration VALUES (12, '0030_desk', '2026-11-29 00:12:30.72582');
INSERT INTO public.schema_migration VALUES (13, '0032_makers', '2026-11-29 00:12:30.831784');
INSERT INTO public.schema_migration VALUES (14, '0033_claims', '2026-11-29 00:12:30.852648');
INSERT INTO public.schema_migration VALUES (15, '0034_staged', '2026-11-29 00:12:30.860442');
INSERT INTO public.schema_migration VALUES (16, '0036_tokens', '2026-11-29 00:12:30.892848');
INSERT INTO public.schema_migration VALUES (17, '0037_delegations', '2026-11-29 00:12:30.932694');
INSERT INTO public.schema_migration VALUES (18, '0038_sightings', '2026-11-29 00:12:30.947668');
INSERT INTO public.schema_migration VALUES (19, '0039_bin', '2026-11-29 00:12:30.961323');
INSERT INTO public.schema_migration VALUES (20, '0040_webhooks', '2026-11-29 00:12:30.983299');
INSERT INTO public.schema_migration VALUES (21, '0041_file_texts', '2026-11-29 00:12:31.00529');
INSERT INTO public.schema_migration VALUES (22, '0042_identity', '2026-11-29 00:12:31.032416');
INSERT INTO public.schema_migration VALUES (23, '0043_internal_approval', '2026-11-29 00:12:31.043338');
INSERT INTO public.schema_migration VALUES (24, '0044_counting', '2026-11-29 00:12:31.072422');
INSERT INTO public.schema_migration VALUES (25, '0045_due_dates', '2026-11-29 00:12:31.084534');
INSERT INTO public.schema_migration VALUES (26, '0046_private_refusals', '2026-11-29 00:12:31.087781');
INSERT INTO public.schema_migration VALUES (27, '0047_listing', '2026-11-29 00:12:31.114829');
INSERT INTO public.schema_migration VALUES (28, '0048_newest', '2026-11-29 00:12:31.124996');
INSERT INTO public.schema_migration VALUES (29, '0049_location', '2026-11-29 00:12:31.135014');
INSERT INTO public.schema_migration VALUES (30, '0050_told', '2026-11-29 00:12:31.159832');
INSERT INTO public.schema_migration VALUES (31, '0051_revision', '2026-11-29 00:12:31.341147');
INSERT INTO public.schema_migration VALUES (32, '0052_side_by_side', '2026-11-29 00:12:31.353836');
INSERT INTO public.schema_migration VALUES (33, '0053_older', '2026-11-29 00:12:31.355131');
INSERT INTO public.sighting VALUES ('2771087', '65024', '1795911135714741979', 'af91de3766d413b081f2f93559bc913d09e3e2258748246099cd40e457a3a753', 'acme-bv', true, '2026-11-29T00:12:16.255147Z');
INSERT INTO public.sighting VALUES ('2771136', '65024', '1795911135715634522', 'd22965c567bf2b0d33b205b087437a7e6b06c6f784d7cf59fdb78334bb4d6253', 'acme-bv', false, '2026-11-29T00:12:16.218927Z');
INSERT INTO public.text_due VALUES (20260000001);
INSERT INTO public.text_due VALUES (20260000002);
INSERT INTO public.text_due VALUES (20260000003);
INSERT INTO public.text_due VALUES (20260000004);
INSERT INTO public.text_due VALUES (20260000005);
INSERT INTO public.text_due VALUES (20260000006);
INSERT INTO public.text_due VALUES (20260000007);
INSERT INTO public.viewed VALUES ('j.admin', 'client', 'acme-bv', '2026-11-29T00:12:24.013902Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000001', '2026-11-29T00:12:24.013902Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000002', '2026-11-29T00:12:23.756165Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000003', '2026-11-29T00:12:23.461595Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000004', '2026-11-29T00:12:23.032928Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000005', '2026-11-29T00:12:22.593136Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000006', '2026-11-29T00:12:22.186640Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000007', '2026-11-29T00:12:21.745466Z');
INSERT INTO public.viewed VALUES ('k.smit', 'client', 'acme-bv', '2026-11-29T00:12:15.608844Z');
INSERT INTO public.viewed VALUES ('k.smit', 'item', 'D-2026-000002', '2026-11-29T00:12:15.608844Z');
SELECT pg_catalog.setval('public.attachment_id_seq', 16, false);
SELECT pg_catalog.setval('public.desk_request_id_seq', 1, false);
SELECT pg_catalog.setval('public.drop_id_seq', 9, false);
SELECT pg_catalog.setval('public.login_request_id_seq', 1, false);
SELECT pg_catalog.setval('public.mail_id_seq', 12, false);
SELECT pg_catalog.setval('public.schema_migration_id_seq', 33, true);
ALTER TABLE ONLY public.api_answer
    ADD CONSTRAINT api_answer_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_hash_key UNIQUE (hash);
ALTER TABLE ONLY public.api_token
    ADD CONSTRAINT api_token_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.asked
    ADD CONSTRAINT asked_pkey PRIMARY KEY (edition, person);
ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.binned
    ADD CONSTRAINT binned_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.counter
    ADD CONSTRAINT counter_pkey PRIMARY KEY (year);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (edition, approver);
ALTER TABLE ONLY public.delegation
    ADD CONSTRAINT delegation_pkey PRIMARY KEY (client, folder);
ALTER TABLE ONLY public.desk_request
    ADD CONSTRAINT desk_request_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.desk_session
    ADD CONSTRAINT desk_session_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.desk_token
    ADD CONSTRAINT desk_token_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.drop
    ADD CONSTRAINT drop_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.edition_note
    ADD CONSTRAINT edition_note_pkey PRIMARY KEY (edition, line);
ALTER TABLE ONLY public.edition
    ADD CONSTRAINT edition_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.erasure
    ADD CONSTRAINT erasure_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.event_detail
    ADD CONSTRAINT event_detail_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (kind, subject);
ALTER TABLE ONLY public.hook
    ADD CONSTRAINT hook_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.item
    ADD CONSTRAINT item_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.item_text_files
    ADD CONSTRAINT item_text_files_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.item_text
    ADD CONSTRAINT item_text_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_pkey PRIMARY KEY (item, folded);
ALTER TABLE ONLY public.leaving
    ADD CONSTRAINT leaving_pkey PRIMARY KEY (sha256);
ALTER TABLE ONLY public.listing
    ADD CONSTRAINT listing_pkey PRIMARY KEY (client, revision);
ALTER TABLE ONLY public.login_rate
    ADD CONSTRAINT login_rate_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.login_request
    ADD CONSTRAINT login_request_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.login_session
    ADD CONSTRAINT login_session_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.login_token
    ADD CONSTRAINT login_token_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.mail
    ADD CONSTRAINT mail_message_id_key UNIQUE (message_id);
ALTER TABLE ONLY public.mail
    ADD CONSTRAINT mail_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.note
    ADD CONSTRAINT note_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_pkey PRIMARY KEY (edition, contact, name, sha256);
ALTER TABLE ONLY public.page_due
    ADD CONSTRAINT page_due_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.page_file
    ADD CONSTRAINT page_file_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.page
    ADD CONSTRAINT page_pkey PRIMARY KEY (client);
ALTER TABLE ONLY public.provider_login
    ADD CONSTRAINT provider_login_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY public.redaction
    ADD CONSTRAINT redaction_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.removal
    ADD CONSTRAINT removal_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.revision
    ADD CONSTRAINT revision_pkey PRIMARY KEY (about, number);
ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sighting
    ADD CONSTRAINT sighting_pkey PRIMARY KEY (inode, device, born, sha256);
ALTER TABLE ONLY public.staged_drop
    ADD CONSTRAINT staged_drop_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.text_due
    ADD CONSTRAINT text_due_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.viewed
    ADD CONSTRAINT viewed_pkey PRIMARY KEY (actor, kind, subject);
CREATE INDEX api_answer_at ON public.api_answer USING btree (at);
CREATE INDEX asked_open ON public.asked USING btree (person, edition) WHERE is_open;
CREATE INDEX asked_unescalated ON public.asked USING btree (at) WHERE (is_open AND (escalated_at IS NULL));
CREATE INDEX asked_unreminded ON public.asked USING btree (at) WHERE (is_open AND (reminded_at IS NULL));
CREATE INDEX attachment_item ON public.attachment USING btree (item);
CREATE INDEX attachment_sha256 ON public.attachment USING btree (sha256);
CREATE INDEX desk_session_expires_at ON public.desk_session USING btree (expires_at);
CREATE INDEX desk_session_staff ON public.desk_session USING btree (staff);
CREATE INDEX desk_token_expires_at ON public.desk_token USING btree (expires_at);
CREATE INDEX drop_fingerprint ON public.drop USING btree (fingerprint);
CREATE INDEX drop_refused ON public.drop USING btree (client, at) WHERE ((kind)::text = 'refused'::text);
CREATE INDEX drop_uncleared ON public.drop USING btree (id) WHERE (NOT cleared);
CREATE INDEX edition_pending ON public.edition USING btree (id, makers, made_at) WHERE ((state)::text = 'pending'::text);
CREATE INDEX event_item ON public.event USING btree (item, seq);
CREATE INDEX event_subject ON public.event USING btree (subject, seq) WHERE (subject IS NOT NULL);
CREATE INDEX item_absent ON public.item USING btree (client, id) WHERE ((standing IS NOT NULL) AND (public IS NULL));
CREATE INDEX item_client ON public.item USING btree (client, id, location, type);
CREATE INDEX item_due ON public.item USING btree (due) WHERE (due IS NOT NULL);
CREATE INDEX item_made ON public.item USING btree (created_by, published_at, public) WHERE (public IS NOT NULL);
CREATE INDEX item_pending ON public.item USING btree (id, pending, version, client, type, approvers, approvals, created_by) WHERE (pending IS NOT NULL);
CREATE INDEX item_public ON public.item USING btree (client, published_at, id, public, type) WHERE (public IS NOT NULL);
CREATE INDEX item_state ON public.item USING btree (share_state, id);
CREATE INDEX item_text_files_words ON public.item_text_files USING gin (words);
CREATE INDEX item_text_words ON public.item_text USING gin (words);
CREATE INDEX item_type ON public.item USING btree (type, id) WHERE (type IS NOT NULL);
CREATE INDEX item_unsettled ON public.item USING btree (client, id) WHERE unsettled;
CREATE INDEX label_folded ON public.label USING btree (folded, item);
CREATE INDEX login_rate_full_at ON public.login_rate USING btree (full_at);
CREATE INDEX login_session_expires_at ON public.login_session USING btree (expires_at);
CREATE INDEX login_token_expires_at ON public.login_token USING btree (expires_at);
CREATE INDEX mail_item ON public.mail USING btree (item);
CREATE INDEX mail_recipient ON public.mail USING btree (client, recipient, kind);
CREATE INDEX mail_waiting ON public.mail USING btree (due_at) WHERE ((state)::text = 'waiting'::text);
CREATE INDEX opening_contact ON public.opening USING btree (contact, item, last_at);
CREATE INDEX opening_item ON public.opening USING btree (item);
CREATE INDEX page_file_client ON public.page_file USING btree (client);
CREATE INDEX page_file_item ON public.page_file USING btree (item);
CREATE INDEX provider_login_expires_at ON public.provider_login USING btree (expires_at);
CREATE UNIQUE INDEX schema_migration_name ON public.schema_migration USING btree (name);
CREATE INDEX staged_drop_expires_at ON public.staged_drop USING btree (expires_at);
CREATE INDEX viewed_at ON public.viewed USING btree (actor, at);
CREATE TRIGGER binned_delete AFTER DELETE ON public.binned FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.note_binned_delete();
CREATE TRIGGER binned_insert AFTER INSERT ON public.binned FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.note_binned_insert();
CREATE TRIGGER counted_delete AFTER DELETE ON public.item FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.note_counted_delete();
CREATE TRIGGER counted_insert AFTER INSERT ON public.item FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.note_counted_insert();
CREATE TRIGGER counted_update AFTER UPDATE OF client, type, location, public, published_at ON public.item FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.note_counted_update();
CREATE TRIGGER item_listed_delete AFTER DELETE ON public.item FOR EACH ROW WHEN ((old.public IS NOT NULL)) EXECUTE FUNCTION public.note_listing();
CREATE TRIGGER item_listed_insert AFTER INSERT ON public.item FOR EACH ROW WHEN ((new.public IS NOT NULL)) EXECUTE FUNCTION public.note_listing();
CREATE TRIGGER item_listed_update AFTER UPDATE OF client, type, location, published_at, standing, public ON public.item FOR EACH ROW WHEN (((old.public IS NOT NULL) OR (new.public IS NOT NULL))) EXECUTE FUNCTION public.note_listing();
CREATE TRIGGER opened_delete AFTER DELETE ON public.opening FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.note_opened_delete();
CREATE TRIGGER opened_insert AFTER INSERT ON public.opening FOR EACH ROW WHEN (true) EXECUTE FUNCTION public.note_opened_insert();
CREATE TRIGGER waits_delete AFTER DELETE ON public.item FOR EACH ROW WHEN ((old.pending IS NOT NULL)) EXECUTE FUNCTION public.note_waits_delete();
CREATE TRIGGER waits_insert AFTER INSERT ON public.item FOR EACH ROW WHEN ((new.pending IS NOT NULL)) EXECUTE FUNCTION public.note_waits_insert();
CREATE TRIGGER waits_update AFTER UPDATE OF version, pending ON public.item FOR EACH ROW WHEN (((old.pending IS NOT NULL) OR (new.pending IS NOT NULL))) EXECUTE FUNCTION public.note_waits_update();
ALTER TABLE ONLY public.asked
    ADD CONSTRAINT asked_edition_fkey FOREIGN KEY (edition) REFERENCES public.edition(id);
ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_edition_fkey FOREIGN KEY (edition) REFERENCES public.edition(id);
ALTER TABLE ONLY public.drop
    ADD CONSTRAINT drop_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.edition
    ADD CONSTRAINT edition_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.edition_note
    ADD CONSTRAINT edition_note_edition_fkey FOREIGN KEY (edition) REFERENCES public.edition(id);
ALTER TABLE ONLY public.event_detail
    ADD CONSTRAINT event_detail_seq_fkey FOREIGN KEY (seq) REFERENCES public.event(seq);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.item_text_files
    ADD CONSTRAINT item_text_files_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.item_text
    ADD CONSTRAINT item_text_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.mail
    ADD CONSTRAINT mail_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_edition_fkey FOREIGN KEY (edition) REFERENCES public.edition(id);
ALTER TABLE ONLY public.opening
    ADD CONSTRAINT opening_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.page_due
    ADD CONSTRAINT page_due_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.page_file
    ADD CONSTRAINT page_file_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
ALTER TABLE ONLY public.redaction
    ADD CONSTRAINT redaction_seq_fkey FOREIGN KEY (seq) REFERENCES public.event(seq);
ALTER TABLE ONLY public.removal
    ADD CONSTRAINT removal_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
