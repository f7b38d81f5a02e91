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
    at character varying(255) NOT NULL
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
    cleared boolean NOT NULL
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
    approved_at character varying(255)
);
CREATE TABLE public.edition_note (
    edition bigint NOT NULL,
    line integer NOT NULL,
    text text NOT NULL
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
    unsettled boolean NOT NULL
);
CREATE TABLE public.item_text (
    item bigint NOT NULL,
    words tsvector NOT NULL
);
CREATE TABLE public.label (
    item bigint NOT NULL,
    folded text NOT NULL
);
CREATE TABLE public.leaving (
    sha256 character varying(255) NOT NULL
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
    made text NOT NULL
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
CREATE TABLE public.removal (
    item bigint NOT NULL,
    at character varying(255) NOT NULL
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
CREATE TABLE public.viewed (
    actor character varying(255) NOT NULL,
    kind character varying(255) NOT NULL,
    subject character varying(255) NOT NULL,
    at character varying(255) NOT NULL
);
ALTER TABLE ONLY public.attachment ALTER COLUMN id SET DEFAULT nextval('public.attachment_id_seq'::regclass);
ALTER TABLE ONLY public.drop ALTER COLUMN id SET DEFAULT nextval('public.drop_id_seq'::regclass);
ALTER TABLE ONLY public.login_request ALTER COLUMN id SET DEFAULT nextval('public.login_request_id_seq'::regclass);
ALTER TABLE ONLY public.mail ALTER COLUMN id SET DEFAULT nextval('public.mail_id_seq'::regclass);
ALTER TABLE ONLY public.schema_migration ALTER COLUMN id SET DEFAULT nextval('public.schema_migration_id_seq'::regclass);
INSERT INTO public.asked VALUES (202600000020001, 'k.smit', '2026-11-25T02:55:07.884536Z', '2026-11-25T02:55:07.884536Z', true, NULL, NULL);
INSERT INTO public.asked VALUES (202600000040001, 'm.devries', '2026-11-25T02:55:10.488641Z', '2026-11-25T02:55:10.488641Z', false, NULL, NULL);
INSERT INTO public.asked VALUES (202600000050001, 'k.smit', '2026-11-25T02:55:11.611132Z', '2026-11-25T02:55:11.611132Z', false, NULL, NULL);
INSERT INTO public.asked VALUES (202600000050001, 'm.devries', '2026-11-25T02:55:11.611132Z', '2026-11-25T02:55:11.611132Z', false, NULL, NULL);
INSERT INTO public.asked VALUES (202600000070002, 'j.admin', '2026-11-25T02:55:23.301228Z', '2026-11-25T02:55:23.301228Z', true, NULL, NULL);
INSERT INTO public.attachment VALUES (1, 20260000001, 0, 'annual-accounts-2025.pdf', true, NULL, 1, 'bc709d19ef1252e1d8a9e27984090a94f8d0b5e44a5b035eb96c1a104c1979f7', 148, 'application/pdf', '2026-11-25T02:55:06.313514Z', true);
INSERT INTO public.attachment VALUES (2, 20260000001, 1, 'annual-accounts-2025.txt', true, NULL, 1, '9ea201e1cf3cd8355d79b76dacfae65b4e883a5e279be0b35900487c54da984c', 21, 'text/plain', '2026-11-25T02:55:06.313514Z', true);
INSERT INTO public.attachment VALUES (3, 20260000002, 0, 'tax-return-2025.pdf', true, NULL, 1, '0733a4191c274ce722f33338161b595abd4d2123a047aa37de6b1b732d6935fe', 143, 'application/pdf', '2026-11-25T02:55:07.871242Z', true);
INSERT INTO public.attachment VALUES (4, 20260000002, 1, 'tax-return-2025.txt', true, NULL, 1, '6580d4092d1d0dc219f9c93a2eaa79de57fce13c2aea8e84a9bf009e1a0e1a21', 16, 'text/plain', '2026-11-25T02:55:07.871242Z', true);
INSERT INTO public.attachment VALUES (5, 20260000003, 0, 'note-for-the-file.pdf', false, NULL, 1, 'f5cbcb397e38179c4b37c16ad7f3ba2ba2dd0e98aa2da743fb725e7bf065d0f0', 145, 'application/pdf', '2026-11-25T02:55:09.113117Z', true);
INSERT INTO public.attachment VALUES (6, 20260000003, 1, 'note-for-the-file.txt', false, NULL, 1, '653e7d1d15f782a3d8094aa4083401e2bc5bf174b1ef2ece942499ff21696f2e', 18, 'text/plain', '2026-11-25T02:55:09.113117Z', true);
INSERT INTO public.attachment VALUES (7, 20260000004, 0, 'engagement-letter-2026.pdf', true, NULL, 1, '4b9defd1edebb6777c907f69e9d9ac3685ca05007aa5715d405df75475288bb8', 150, 'application/pdf', '2026-11-25T02:55:10.455025Z', true);
INSERT INTO public.attachment VALUES (8, 20260000004, 1, 'engagement-letter-2026.txt', true, NULL, 1, '910c856b8db8a699ef212ef175de80451e482aa6aa9083062616e7c28597edf0', 23, 'text/plain', '2026-11-25T02:55:10.455025Z', true);
INSERT INTO public.attachment VALUES (9, 20260000005, 0, 'payroll-october-2026.pdf', true, NULL, 1, 'c74877734c834674769465b7eec4a5b420139108df91462217d55fdc96259531', 148, 'application/pdf', '2026-11-25T02:55:11.594156Z', true);
INSERT INTO public.attachment VALUES (10, 20260000005, 1, 'payroll-october-2026.txt', true, NULL, 1, 'fd7e8c8e4e77892d7781f02c81e00ca0a1bd57255f70fbfe9142b821c0b07053', 21, 'text/plain', '2026-11-25T02:55:11.594156Z', true);
INSERT INTO public.attachment VALUES (11, 20260000006, 0, 'letter-to-the-wrong-year.pdf', true, NULL, 1, '42c8e01fc25b807e4490169468e72867d76f7e5828160cb8c1dcea16628a3440', 152, 'application/pdf', '2026-11-25T02:55:12.581084Z', true);
INSERT INTO public.attachment VALUES (12, 20260000006, 1, 'letter-to-the-wrong-year.txt', true, NULL, 1, '8b408efb9fb57e57325c0f7ff3a3685df45719b5e8ab837d948106b17caee2dd', 25, 'text/plain', '2026-11-25T02:55:12.581084Z', true);
INSERT INTO public.attachment VALUES (13, 20260000007, 0, 'advice-on-a-merger.pdf', true, NULL, 1, '51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff', 146, 'application/pdf', '2026-11-25T02:55:14.238030Z', true);
INSERT INTO public.attachment VALUES (14, 20260000007, 1, 'advice-on-a-merger.txt', true, NULL, 1, 'ea9e6b1fa81e3111096742ee67340ab60794604963c356309e44e47721284e02', 19, 'text/plain', '2026-11-25T02:55:14.238030Z', false);
INSERT INTO public.attachment VALUES (15, 20260000007, 1, 'advice-on-a-merger.txt', true, NULL, 2, '6fcabf9fc74c67605d8603bfcc01efc9f78a06fe4024cc36de26b18268f94efa', 17, 'text/plain', '2026-11-25T02:55:21.043970Z', true);
INSERT INTO public.counter VALUES (2026, 7);
INSERT INTO public.decision VALUES (202600000040001, 'm.devries', 'm.devries', 'approve', NULL, '2026-11-25T02:55:15.955822Z');
INSERT INTO public.decision VALUES (202600000050001, 'k.smit', 'k.smit', 'reject', 'September is missing', '2026-11-25T02:55:16.312567Z');
INSERT INTO public.drop VALUES (1, 'acme-bv', NULL, 'annual-accounts-2025', '41640af5b111dae61d180f62e7c69c5a703754b6a23d22816627e1ec2f13c101', 'taken', 20260000001, '2026-11-25T02:55:06.313514Z', '[["annual-accounts-2025.pdf",65024,2941490,148,1795575304880516555,1795575304880516555,0],["annual-accounts-2025.txt",65024,2941522,21,1795575304884374263,1795575304884374263,0],["annual-accounts-2025.yaml",65024,2941538,143,1795575304884489845,1795575304884489845,0]]', NULL, 'item: D-2026-000001
taken_at: 2026-11-25T02:55:06+00:00
attachments:
  - name: annual-accounts-2025.pdf
    sha256: bc709d19ef1252e1d8a9e27984090a94f8d0b5e44a5b035eb96c1a104c1979f7
  - name: annual-accounts-2025.txt
    sha256: 9ea201e1cf3cd8355d79b76dacfae65b4e883a5e279be0b35900487c54da984c
', true);
INSERT INTO public.drop VALUES (2, 'acme-bv', NULL, 'tax-return-2025', '2e36d84d9b610b218575b18d04ff5d26c5913d8b9ef6cd48ea4047b74716a7ac', 'taken', 20260000002, '2026-11-25T02:55:07.871242Z', '[["tax-return-2025.pdf",65024,2941491,143,1795575307038738374,1795575307038738374,0],["tax-return-2025.txt",65024,2941523,16,1795575307038852705,1795575307038852705,0],["tax-return-2025.yaml",65024,2941635,149,1795575307038972473,1795575307038972473,0]]', NULL, 'item: D-2026-000002
taken_at: 2026-11-25T02:55:07+00:00
attachments:
  - name: tax-return-2025.pdf
    sha256: 0733a4191c274ce722f33338161b595abd4d2123a047aa37de6b1b732d6935fe
  - name: tax-return-2025.txt
    sha256: 6580d4092d1d0dc219f9c93a2eaa79de57fce13c2aea8e84a9bf009e1a0e1a21
', true);
INSERT INTO public.drop VALUES (3, 'acme-bv', NULL, 'note-for-the-file', 'a6232472fb2bf3470bc1f5f7eabdcfc469cd2d9b7703a0ebe30d60bc821af8d0', 'taken', 20260000003, '2026-11-25T02:55:09.113117Z', '[["note-for-the-file.pdf",65024,2941492,145,1795575308183180825,1795575308183180825,0],["note-for-the-file.txt",65024,2941636,18,1795575308183355005,1795575308183355005,0],["note-for-the-file.yaml",65024,2941987,103,1795575308183588182,1795575308183588182,0]]', NULL, 'item: D-2026-000003
taken_at: 2026-11-25T02:55:09+00:00
attachments:
  - name: note-for-the-file.pdf
    sha256: f5cbcb397e38179c4b37c16ad7f3ba2ba2dd0e98aa2da743fb725e7bf065d0f0
  - name: note-for-the-file.txt
    sha256: 653e7d1d15f782a3d8094aa4083401e2bc5bf174b1ef2ece942499ff21696f2e
', true);
INSERT INTO public.drop VALUES (4, 'acme-bv', NULL, 'engagement-letter-2026', 'e7e6f2cf8d81f92ab1a24d7fd71b9b8438d7adf3c6601cdc85606f04928792ae', 'taken', 20260000004, '2026-11-25T02:55:10.455025Z', '[["engagement-letter-2026.pdf",65024,2940974,150,1795575309429714394,1795575309429714394,0],["engagement-letter-2026.txt",65024,2940986,23,1795575309429774744,1795575309429774744,0],["engagement-letter-2026.yaml",65024,2941005,143,1795575309430180748,1795575309430180748,0]]', NULL, 'item: D-2026-000004
taken_at: 2026-11-25T02:55:10+00:00
attachments:
  - name: engagement-letter-2026.pdf
    sha256: 4b9defd1edebb6777c907f69e9d9ac3685ca05007aa5715d405df75475288bb8
  - name: engagement-letter-2026.txt
    sha256: 910c856b8db8a699ef212ef175de80451e482aa6aa9083062616e7c28597edf0
', true);
INSERT INTO public.drop VALUES (5, 'acme-bv', NULL, 'payroll-october-2026', '74aaf50ed55b1a2b00d1aeebafff421f5380ae6c1f92aaea9ea7271108256ac6', 'taken', 20260000005, '2026-11-25T02:55:11.594156Z', '[["payroll-october-2026.pdf",65024,2940975,148,1795575310770447238,1795575310770447238,0],["payroll-october-2026.txt",65024,2940987,21,1795575310770514608,1795575310770514608,0],["payroll-october-2026.yaml",65024,2941220,141,1795575310770633235,1795575310770633235,0]]', NULL, 'item: D-2026-000005
taken_at: 2026-11-25T02:55:11+00:00
attachments:
  - name: payroll-october-2026.pdf
    sha256: c74877734c834674769465b7eec4a5b420139108df91462217d55fdc96259531
  - name: payroll-october-2026.txt
    sha256: fd7e8c8e4e77892d7781f02c81e00ca0a1bd57255f70fbfe9142b821c0b07053
', true);
INSERT INTO public.drop VALUES (6, 'acme-bv', NULL, 'letter-to-the-wrong-year', '598baf5c302344af487c4d0ba691f7df9a45366bd801ac0a7c4fe576cf8f361b', 'taken', 20260000006, '2026-11-25T02:55:12.581084Z', '[["letter-to-the-wrong-year.pdf",65024,2941204,152,1795575311810410413,1795575311810410413,0],["letter-to-the-wrong-year.txt",65024,2941236,25,1795575311810482290,1795575311810482290,0],["letter-to-the-wrong-year.yaml",65024,2941252,117,1795575311810555669,1795575311810555669,0]]', NULL, 'item: D-2026-000006
taken_at: 2026-11-25T02:55:12+00:00
attachments:
  - name: letter-to-the-wrong-year.pdf
    sha256: 42c8e01fc25b807e4490169468e72867d76f7e5828160cb8c1dcea16628a3440
  - name: letter-to-the-wrong-year.txt
    sha256: 8b408efb9fb57e57325c0f7ff3a3685df45719b5e8ab837d948106b17caee2dd
', true);
INSERT INTO public.drop VALUES (7, 'acme-bv', NULL, 'advice-on-a-merger', '76eaf751b123985c96353e329411bb9417850564256aca434773d0e2d5fda52d', 'taken', 20260000007, '2026-11-25T02:55:14.238030Z', '[["advice-on-a-merger.pdf",65024,2941412,146,1795575312963898006,1795575312963898006,0],["advice-on-a-merger.txt",65024,2941426,19,1795575312963997474,1795575312963997474,0],["advice-on-a-merger.yaml",65024,2941494,111,1795575312964296069,1795575312964296069,0]]', NULL, 'item: D-2026-000007
taken_at: 2026-11-25T02:55:14+00:00
attachments:
  - name: advice-on-a-merger.pdf
    sha256: 51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff
  - name: advice-on-a-merger.txt
    sha256: ea9e6b1fa81e3111096742ee67340ab60794604963c356309e44e47721284e02
', true);
INSERT INTO public.drop VALUES (8, 'acme-bv', NULL, 'wrong', NULL, 'refused', NULL, '2026-11-25T02:55:23.287702Z', '[["wrong.yaml",65024,2941244,15,1795575321868472604,1795575321868472604,0]]', '20261125-025523-wrong', 'wrong.yaml:1: `description` has 1 characters; give at least 8, so that the client can tell what it is
wrong.yaml:1: this file is `root`''s, who is nobody in config/staff.yaml (os_user); or say who made it with `created_by`
', true);
INSERT INTO public.edition VALUES (202600000010001, 20260000001, 'sha256:eb592e4cd82f0325e13cc48c47f4d4186a82f87269068c4fc9f9b9d8a8e142b5', '{"description":"Annual accounts 2025","explanation":null,"attachments":[{"name":"annual-accounts-2025.pdf","size":148,"sha256":"bc709d19ef1252e1d8a9e27984090a94f8d0b5e44a5b035eb96c1a104c1979f7","media_type":"application/pdf"},{"name":"annual-accounts-2025.txt","size":21,"sha256":"9ea201e1cf3cd8355d79b76dacfae65b4e883a5e279be0b35900487c54da984c","media_type":"text/plain"}]}', 'standing', 'm.devries', '2026-11-25T02:55:06.313514Z', 'm.devries', '2026-11-25T02:55:06.313514Z');
INSERT INTO public.edition VALUES (202600000020001, 20260000002, 'sha256:63345e719a1c488c38fcdd4976d2eb2508fce081ab6404067beddce42f7a5268', '{"description":"Tax return 2025","explanation":null,"attachments":[{"name":"tax-return-2025.pdf","size":143,"sha256":"0733a4191c274ce722f33338161b595abd4d2123a047aa37de6b1b732d6935fe","media_type":"application/pdf"},{"name":"tax-return-2025.txt","size":16,"sha256":"6580d4092d1d0dc219f9c93a2eaa79de57fce13c2aea8e84a9bf009e1a0e1a21","media_type":"text/plain"}]}', 'pending', 'p.bakker', '2026-11-25T02:55:07.871242Z', NULL, NULL);
INSERT INTO public.edition VALUES (202600000040001, 20260000004, 'sha256:459de039ba261519222b1f061ddd21a85f21b6d1b25f0c0a6298bf4c951d2ce0', '{"description":"Engagement letter 2026","explanation":null,"attachments":[{"name":"engagement-letter-2026.pdf","size":150,"sha256":"4b9defd1edebb6777c907f69e9d9ac3685ca05007aa5715d405df75475288bb8","media_type":"application/pdf"},{"name":"engagement-letter-2026.txt","size":23,"sha256":"910c856b8db8a699ef212ef175de80451e482aa6aa9083062616e7c28597edf0","media_type":"text/plain"}]}', 'standing', 'p.bakker', '2026-11-25T02:55:10.455025Z', 'm.devries', '2026-11-25T02:55:15.955822Z');
INSERT INTO public.edition VALUES (202600000050001, 20260000005, 'sha256:75026bed944830a306aa945d363d836657c8e48e139482c645636bdb87bcb130', '{"description":"Payroll October 2026","explanation":null,"attachments":[{"name":"payroll-october-2026.pdf","size":148,"sha256":"c74877734c834674769465b7eec4a5b420139108df91462217d55fdc96259531","media_type":"application/pdf"},{"name":"payroll-october-2026.txt","size":21,"sha256":"fd7e8c8e4e77892d7781f02c81e00ca0a1bd57255f70fbfe9142b821c0b07053","media_type":"text/plain"}]}', 'returned', 'p.bakker', '2026-11-25T02:55:11.594156Z', NULL, NULL);
INSERT INTO public.edition VALUES (202600000060001, 20260000006, 'sha256:207d4ac0e1234704f4dc95e776af5abf85fd277dbae5737eefae473350149b95', '{"description":"Letter to the wrong year","explanation":null,"attachments":[{"name":"letter-to-the-wrong-year.pdf","size":152,"sha256":"42c8e01fc25b807e4490169468e72867d76f7e5828160cb8c1dcea16628a3440","media_type":"application/pdf"},{"name":"letter-to-the-wrong-year.txt","size":25,"sha256":"8b408efb9fb57e57325c0f7ff3a3685df45719b5e8ab837d948106b17caee2dd","media_type":"text/plain"}]}', 'withdrawn', 'm.devries', '2026-11-25T02:55:12.581084Z', 'm.devries', '2026-11-25T02:55:12.581084Z');
INSERT INTO public.edition VALUES (202600000070001, 20260000007, 'sha256:92d57b9dec4f2183b9c65e9a2007619d4cdb819288fbb13d9fe2aed4948aeea3', '{"description":"Advice on a merger","explanation":null,"attachments":[{"name":"advice-on-a-merger.pdf","size":146,"sha256":"51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff","media_type":"application/pdf"},{"name":"advice-on-a-merger.txt","size":19,"sha256":"ea9e6b1fa81e3111096742ee67340ab60794604963c356309e44e47721284e02","media_type":"text/plain"}]}', 'standing', 'm.devries', '2026-11-25T02:55:14.238030Z', 'm.devries', '2026-11-25T02:55:14.238030Z');
INSERT INTO public.edition VALUES (202600000070002, 20260000007, 'sha256:11e37addb6727bfca393b275e46331ba8317320eedd662a7dba31c9a7067daba', '{"description":"Advice on a merger","explanation":null,"attachments":[{"name":"advice-on-a-merger.pdf","size":146,"sha256":"51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff","media_type":"application/pdf"},{"name":"advice-on-a-merger.txt","size":17,"sha256":"6fcabf9fc74c67605d8603bfcc01efc9f78a06fe4024cc36de26b18268f94efa","media_type":"text/plain"}]}', 'pending', 'p.bakker', '2026-11-25T02:55:21.043970Z', NULL, NULL);
INSERT INTO public.event VALUES (1, '2026-11-25T02:55:06.313514Z', 'm.devries', 'created', 20260000001, NULL, 'feb911bf5d3657fe755e729aa6309ee3731cae7bfdc54576c103f0234df45841', 'b113e64ed793b3f6784a5961f666ce4c139be7fc46e5ec7304a9b29ca3140913', 'drop', 'os:root');
INSERT INTO public.event VALUES (2, '2026-11-25T02:55:06.313514Z', 'm.devries', 'approved', 20260000001, NULL, '9fd4a6469dcced9b9922a5fd1eac75c0f33c49a09d3f06fe924b38201e601c7b', '5d7651e6dd13bb20b9ddbcd6a3804d37b28838a97b09095865975dbb4c54ed81', 'drop', 'os:root');
INSERT INTO public.event VALUES (3, '2026-11-25T02:55:06.327834Z', 'dossier', 'published', 20260000001, NULL, '33d3719ceff90fc1b08a5f7d511d1ca9f90f3ed56f9efcf1a728d4c3e6102987', '780bf0827c7e28ce02e089b948c1c2e5e51b4627c0c1bf880c25e6ad3220e5c2', 'daemon', NULL);
INSERT INTO public.event VALUES (4, '2026-11-25T02:55:06.408885Z', 'dossier', 'notified', 20260000001, NULL, 'b9e23c86292e949695bff2703faf17cf20199b7ca719b1332c9f301989e91ae8', '7281957840917c0c33c858539b4c5799518a0365c2d1df990b3b07c59f8a4cec', 'daemon', NULL);
INSERT INTO public.event VALUES (5, '2026-11-25T02:55:07.871242Z', 'p.bakker', 'created', 20260000002, NULL, '785516492dbe47462b8a7c95e3b80a556afe12294e5126015d9bbe5f7fc59165', '5bd3a9e2ac80c277ac05e0983c8ae3e10ef2a50be6cf3473dc72d925d29eff80', 'drop', 'os:root');
INSERT INTO public.event VALUES (6, '2026-11-25T02:55:07.871242Z', 'p.bakker', 'offered', 20260000002, NULL, '8f1392f836d89969d5810f95f32c4ce365aef299f47a3e1c2dfe8097892160f4', '4b4c68609a824395682e168ea084e1be26aa9d61a6881644b99b1f849550ccd3', 'drop', 'os:root');
INSERT INTO public.event VALUES (7, '2026-11-25T02:55:09.113117Z', 'p.bakker', 'created', 20260000003, NULL, '97de0196a84dc531e753c9b4b56d2720bd497ec84c90f26f2cfa2723bab83968', '8204ccc2991be737b98a1057c48e4c71010b0c3896c6e955413f3953a172d172', 'drop', 'os:root');
INSERT INTO public.event VALUES (8, '2026-11-25T02:55:10.455025Z', 'p.bakker', 'created', 20260000004, NULL, '2e49ad947ef612079c64e0268da589256c42afe03d4c22f508bf91cde7c2b549', '8ea62f84f4176289a01fa6b6f67ed5e0a1d363c54b089b1d5ff6e7b656ab839d', 'drop', 'os:root');
INSERT INTO public.event VALUES (9, '2026-11-25T02:55:10.455025Z', 'p.bakker', 'offered', 20260000004, NULL, '2e91a1aa76f85771fa4d21a0f7223da5071828b0db3ca37bee5cbad94508c146', 'd936f44fabeaa5a7ae341ee171df51a09885fba3d672cf439b8a42c2ae0338a9', 'drop', 'os:root');
INSERT INTO public.event VALUES (10, '2026-11-25T02:55:11.594156Z', 'p.bakker', 'created', 20260000005, NULL, 'cafda53ee2016f663428b83bf19621e518608dd2d54e38022af86899aff55abd', '3b92cd71d2bade557a0030d37f47b2b44c75c2bb5ee2dcaca0d2f580c71c52a3', 'drop', 'os:root');
INSERT INTO public.event VALUES (11, '2026-11-25T02:55:11.594156Z', 'p.bakker', 'offered', 20260000005, NULL, '7d35f1aba8f364b5dbd4a56edb034239cdbdc744590e0af930e404cd98a39c11', 'bad7cb06565ecb1f47dd04f6056ad0a9937730065cdcdef895f2681576297181', 'drop', 'os:root');
INSERT INTO public.event VALUES (12, '2026-11-25T02:55:12.581084Z', 'm.devries', 'created', 20260000006, NULL, 'c4fb6c86e59bbe25283cbf9cdc427134188a7410aeab8769de04bf91f4fbaf51', 'fe2317bfacc29500cbf27fc71e92400dfaef851c0521c5c7866f2dfda18942fd', 'drop', 'os:root');
INSERT INTO public.event VALUES (13, '2026-11-25T02:55:12.581084Z', 'm.devries', 'approved', 20260000006, NULL, '1630cbe79b73f68a99912bf9c017c039edc310a05f4b80e49d66640eb94ed310', '1c01b7a7625f96a6cbc9759b2dbbb08e7ed829bf544b5e23977add409c044620', 'drop', 'os:root');
INSERT INTO public.event VALUES (14, '2026-11-25T02:55:12.610535Z', 'dossier', 'published', 20260000006, NULL, '42f479c193fe81475e2dcdf5542fe7c9f5843584031dcf91d4a370b05478676d', '3fa4f27b14239d62404e5d41ef82bd758cc43be9539c9c5561629e7d1a3b68b5', 'daemon', NULL);
INSERT INTO public.event VALUES (15, '2026-11-25T02:55:14.238030Z', 'm.devries', 'created', 20260000007, NULL, '0e1e12e329415ef3e380773b08fb5a7aaf41c09c18a6408a7ac5d383517fb572', 'bb3a105c794b37e6833cd333173761b44f9502d92e45f7e2fb2f6949b9094d57', 'drop', 'os:root');
INSERT INTO public.event VALUES (16, '2026-11-25T02:55:14.238030Z', 'm.devries', 'approved', 20260000007, NULL, '930d7e29c2cb760271662ba1dd7acd421e3bc226d47ff80794766394e53a2224', '4868bd8dcdb0be229f46cd3517566b3dd9f2f71e3311e5bcd9caba62aeffab2e', 'drop', 'os:root');
INSERT INTO public.event VALUES (17, '2026-11-25T02:55:14.261736Z', 'dossier', 'published', 20260000007, NULL, '30871e54aa3e00b23b60eada29be731477d801812113b13b73a0f53bf46a6729', '7d16fc22461ce025094f0fe1666c241db32bb3f243c6dead91674f0ad1550331', 'daemon', NULL);
INSERT INTO public.event VALUES (18, '2026-11-25T02:55:15.955822Z', 'm.devries', 'approved', 20260000004, NULL, '16db008632380cd8f01f9aa412e4a2f29fba693b178a72b1547c0ebd7b76d5d1', '1e1deb4a86974cf5c2cd634b015531cb676aadf809343716886522e81d2aa1ef', 'command', 'os:root');
INSERT INTO public.event VALUES (19, '2026-11-25T02:55:16.312567Z', 'k.smit', 'rejected', 20260000005, NULL, '6e053c885074bcd4a6f635bd4af50833fc48107468366b2e937edef2dc310329', '86d7f14d05db56d09658d3e6604b8b57b463e8865380f713a3a3c8cbc2af3da4', 'command', 'os:root');
INSERT INTO public.event VALUES (20, '2026-11-25T02:55:17.225488Z', 'm.devries', 'withdrawn', 20260000006, NULL, '5083f6b4d19be32c525aba5f54f1fb0b1043a8c953523b8059d9571cfc0d289d', '5f5408cb83f6e78d46b139789e65b5228002741bfa91b0945a28783c6b6f61e1', 'command', 'os:root');
INSERT INTO public.event VALUES (21, '2026-11-25T02:55:17.978360Z', 'j.admin', 'held', NULL, NULL, '3f51ebbddd9a78d479d20cdcf1edcd57d4a7142e143c208ac36ea49090a874ae', 'a03ef83dc8883c795027a15d6b9866eeb9267efab61a8241ed3812f6d53d0a98', 'command', 'os:root');
INSERT INTO public.event VALUES (22, '2026-11-25T02:55:18.923237Z', 'dossier', 'published', 20260000004, NULL, '033a6ba33b11c795bc78130325f4b922486a54a92aaae5bb07d4204488738af8', 'ef0f881f572c0b0bf9cec25534c7bcfe78477dc3b50e2bc6afee25867fcdcc78', 'daemon', NULL);
INSERT INTO public.event VALUES (23, '2026-11-25T02:55:18.923237Z', 'dossier', 'taken_off', 20260000006, NULL, '93975fc546b8cbb16cfd553f94e7359193e9ddde7530cf2112ccbe5756c3d58a', 'f176b255960387ecc20afcf5833df17d8b68aa67a3096614e458d93c2ff38278', 'daemon', NULL);
INSERT INTO public.event VALUES (24, '2026-11-25T02:55:19.595089Z', 'dossier', 'notified', 20260000005, NULL, '278f4b2fac6e36ed8bd100e1619bacdf0ade25a30859e6480cbedffd740b880d', '071ac47a2eb6faa09fe21e844effef8a6c16e5a37d0cef0b72d2447275c79bfa', 'daemon', NULL);
INSERT INTO public.event VALUES (25, '2026-11-25T02:55:19.618541Z', 'dossier', 'notified', 20260000004, NULL, '5ef3f8ccb934e12141b9b026be26e98460c38154e14f82b09980aa6401e302bb', '35d09b1edd83cfb20c635893cee5a03a0b268dfcc09bd8c952ac868a6148b774', 'daemon', NULL);
INSERT INTO public.event VALUES (26, '2026-11-25T02:55:21.043970Z', 'p.bakker', 'amended', 20260000007, NULL, '52478d8c8dbeb062ded00399c378e4c0da53c83375569d9923b200c697613539', '02a70bfde4b8acb079c7cd53b40a9f65d758fba8ee1cfb3473b1c839f6d59125', 'command', 'os:root');
INSERT INTO public.event VALUES (27, '2026-11-25T02:55:21.043970Z', 'p.bakker', 'offered', 20260000007, NULL, '43850d30c2cadc3f28c3c82eb2f680fe10b36571e73ec6b6da33432e31761a10', 'ddf380e7eacd6a1357f9103c1b7251d47ed639e8856a2a2e582936cadae14afa', 'command', 'os:root');
INSERT INTO public.event VALUES (28, '2026-11-25T02:55:21.713156Z', 'k.smit', 'viewed', 20260000002, NULL, '43df61900f58ca2d263ad1e1c02a1025e26713bef902c2e802113575ac60f578', '9ce56797b89efa66812aa64c684c7d511a430e5dd50cec8a5f4a443a21b9a86e', 'command', 'os:root');
INSERT INTO public.event VALUES (29, '2026-11-25T02:55:23.287702Z', 'os:root', 'refused', NULL, 'acme-bv', 'c945f8ee285f84b3c5345164709013767e97cf30a821fd536149930616b41a99', 'ce556f28a264402b08d4229024b850d4eda06ec0921dd5d0454917bceda36c7c', 'drop', 'os:root');
INSERT INTO public.event VALUES (30, '2026-11-25T02:55:23.301228Z', 'dossier', 'passed_on', 20260000007, NULL, '685e53b615380cc10464a6894604b3de4b856cc65c2c8197a535d785c265b85c', '1f46bce1327d4a1f1fbbd0abff834178b1429da9f0f4a5e3438e09b63558c5e9', 'daemon', NULL);
INSERT INTO public.event VALUES (31, '2026-11-25T02:55:24.890026Z', 'm.devries', 'notify_asked', 20260000001, NULL, '09cf89798ea65b9923eed98d46b2ab33eca88514c432b66f5f34ec2fb065f32c', 'e35486c916a9ea35cc156ae67cb2fd5324fa738c0269b6070905418b1636592a', 'command', 'os:root');
INSERT INTO public.event VALUES (32, '2026-11-25T02:55:25.821588Z', 'j.admin', 'viewed', 20260000007, NULL, 'a1b38f77785256b1b3d020d77a3fee89b900ebb9a6ad74de9f8098990580a488', '42763103e25ae2856b64b276829ecad67d097fb3f01507caccc6a0f2c7fe366f', 'command', 'os:root');
INSERT INTO public.event VALUES (33, '2026-11-25T02:55:26.161209Z', 'j.admin', 'viewed', 20260000006, NULL, '531218d755f29bc7851d933d943cea443b012c629cf7d43da0eeb8cf6e41e0fc', 'd3160338055b5ff5e89808700cfe8a1d95e8b254f54199e9a0f77536c0dcd306', 'command', 'os:root');
INSERT INTO public.event VALUES (34, '2026-11-25T02:55:26.549518Z', 'j.admin', 'viewed', 20260000005, NULL, 'b7dbcf6f5bf6d772cdc30f3d3a8aa99d3819cbe7f2c23dcd01a5eb71c9b2d18d', '758ed5467f1ddd4499dc52c6c75a78e65d4e29813525c9737e4b9eb11117ac95', 'command', 'os:root');
INSERT INTO public.event VALUES (35, '2026-11-25T02:55:26.961647Z', 'j.admin', 'viewed', 20260000004, NULL, '0624e0c6bdb83f7eb6bea45ab896a80f181627a9571b3dcc96079604d6946ce5', '3d3520197a1816de20e9570c2b997e328a07fe9520f0699f40162b07d746ab11', 'command', 'os:root');
INSERT INTO public.event VALUES (36, '2026-11-25T02:55:27.342555Z', 'j.admin', 'viewed', 20260000003, NULL, '483ca3e226f3a32bfced354bcd1d26da2aac7c0b1b633dba5131ac9f8e67fafd', 'f50abe6bcf2ccfb46ae76e13d9b943ae48ef14e0fca85c3e1cabfd6e9b323124', 'command', 'os:root');
INSERT INTO public.event VALUES (37, '2026-11-25T02:55:27.967178Z', 'j.admin', 'viewed', 20260000002, NULL, 'f2dd4ebd231e76f5c2468489432e10ec0b443b93301f3bd66ce35e0636189d19', '2d3c286d12f6db1198c9b8b3634bc7ce57fa2296256407e320a5284c6b1d08dd', 'command', 'os:root');
INSERT INTO public.event VALUES (38, '2026-11-25T02:55:28.458435Z', 'j.admin', 'viewed', 20260000001, NULL, '34c1b4a18736d7940709c6e34d1ffb44e2021995a4f8fe88d190056446634b8d', '18b563e14ed8c58589855606bab5c91b94153fa180098e4a772fbc3cc1f3799e', 'command', 'os:root');
INSERT INTO public.event_detail VALUES (1, '2265a4e2d02bb718aca4d2368c2bc81f', '{"client":"acme-bv","source":"annual-accounts-2025.yaml","share_state":"approved","rights":["create","share","approve"],"attachments":[{"name":"annual-accounts-2025.pdf","sha256":"bc709d19ef1252e1d8a9e27984090a94f8d0b5e44a5b035eb96c1a104c1979f7","share":true},{"name":"annual-accounts-2025.txt","sha256":"9ea201e1cf3cd8355d79b76dacfae65b4e883a5e279be0b35900487c54da984c","share":true}]}');
INSERT INTO public.event_detail VALUES (2, 'fe697416c6afb97fb0c2f6068e325272', '{"outright":true,"content":"sha256:eb592e4cd82f0325e13cc48c47f4d4186a82f87269068c4fc9f9b9d8a8e142b5","rights":["create","share","approve"],"shared":["annual-accounts-2025.pdf","annual-accounts-2025.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (3, 'b7926272275dc49f1830f1171f09bd20', '{"content":"sha256:eb592e4cd82f0325e13cc48c47f4d4186a82f87269068c4fc9f9b9d8a8e142b5","attachments":["annual-accounts-2025.pdf","annual-accounts-2025.txt"]}');
INSERT INTO public.event_detail VALUES (4, 'dbac6d686c4354be59b0388659d0995a', '{"kind":"ready","to":"j.jansen","email":"j.jansen@acme.example","message_id":"<D-2026-000001.ready.8d5ddb2ccd3e7e4e@office.example>","answer":"250 taken"}');
INSERT INTO public.event_detail VALUES (5, '2de08f5f4aec8dc9a4eb961dafc0b57d', '{"client":"acme-bv","source":"tax-return-2025.yaml","share_state":"concept","rights":["create"],"attachments":[{"name":"tax-return-2025.pdf","sha256":"0733a4191c274ce722f33338161b595abd4d2123a047aa37de6b1b732d6935fe","share":true},{"name":"tax-return-2025.txt","sha256":"6580d4092d1d0dc219f9c93a2eaa79de57fce13c2aea8e84a9bf009e1a0e1a21","share":true}]}');
INSERT INTO public.event_detail VALUES (6, '7f8f02d793e1cbafcabc342a32c407a0', '{"content":"sha256:63345e719a1c488c38fcdd4976d2eb2508fce081ab6404067beddce42f7a5268","approvers":["k.smit"],"approvals":"all","shared":["tax-return-2025.pdf","tax-return-2025.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (7, '819d45c07bdfd38804da9fbb9cc1b21f', '{"client":"acme-bv","source":"note-for-the-file.yaml","share_state":"private","rights":["create"],"attachments":[{"name":"note-for-the-file.pdf","sha256":"f5cbcb397e38179c4b37c16ad7f3ba2ba2dd0e98aa2da743fb725e7bf065d0f0","share":false},{"name":"note-for-the-file.txt","sha256":"653e7d1d15f782a3d8094aa4083401e2bc5bf174b1ef2ece942499ff21696f2e","share":false}]}');
INSERT INTO public.event_detail VALUES (8, 'f4a686770318279b8dccf54893c03ec7', '{"client":"acme-bv","source":"engagement-letter-2026.yaml","share_state":"concept","rights":["create"],"attachments":[{"name":"engagement-letter-2026.pdf","sha256":"4b9defd1edebb6777c907f69e9d9ac3685ca05007aa5715d405df75475288bb8","share":true},{"name":"engagement-letter-2026.txt","sha256":"910c856b8db8a699ef212ef175de80451e482aa6aa9083062616e7c28597edf0","share":true}]}');
INSERT INTO public.event_detail VALUES (9, '78e69dbb0bcf9defedd5e294fb3cf3a0', '{"content":"sha256:459de039ba261519222b1f061ddd21a85f21b6d1b25f0c0a6298bf4c951d2ce0","approvers":["m.devries"],"approvals":"all","shared":["engagement-letter-2026.pdf","engagement-letter-2026.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (10, 'e619ae65762b0beed05e512ebfee2417', '{"client":"acme-bv","source":"payroll-october-2026.yaml","share_state":"concept","rights":["create"],"attachments":[{"name":"payroll-october-2026.pdf","sha256":"c74877734c834674769465b7eec4a5b420139108df91462217d55fdc96259531","share":true},{"name":"payroll-october-2026.txt","sha256":"fd7e8c8e4e77892d7781f02c81e00ca0a1bd57255f70fbfe9142b821c0b07053","share":true}]}');
INSERT INTO public.event_detail VALUES (11, '906edaea0d64980fc2832f77ef94c8db', '{"content":"sha256:75026bed944830a306aa945d363d836657c8e48e139482c645636bdb87bcb130","approvers":["m.devries","k.smit"],"approvals":"all","shared":["payroll-october-2026.pdf","payroll-october-2026.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (12, 'd06ce7532ea372cb492ee15410fa3f14', '{"client":"acme-bv","source":"letter-to-the-wrong-year.yaml","share_state":"approved","rights":["create","share","approve"],"attachments":[{"name":"letter-to-the-wrong-year.pdf","sha256":"42c8e01fc25b807e4490169468e72867d76f7e5828160cb8c1dcea16628a3440","share":true},{"name":"letter-to-the-wrong-year.txt","sha256":"8b408efb9fb57e57325c0f7ff3a3685df45719b5e8ab837d948106b17caee2dd","share":true}]}');
INSERT INTO public.event_detail VALUES (13, 'cccc557824726cd29fdd64153f14a595', '{"outright":true,"content":"sha256:207d4ac0e1234704f4dc95e776af5abf85fd277dbae5737eefae473350149b95","rights":["create","share","approve"],"shared":["letter-to-the-wrong-year.pdf","letter-to-the-wrong-year.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (14, '22e92a6219aa16b55fa54262b3c3fcde', '{"content":"sha256:207d4ac0e1234704f4dc95e776af5abf85fd277dbae5737eefae473350149b95","attachments":["letter-to-the-wrong-year.pdf","letter-to-the-wrong-year.txt"]}');
INSERT INTO public.event_detail VALUES (15, '827ab032d3782c08ce2575bcd989373e', '{"client":"acme-bv","source":"advice-on-a-merger.yaml","share_state":"approved","rights":["create","share","approve"],"attachments":[{"name":"advice-on-a-merger.pdf","sha256":"51d6743584042bdfa4690ba0f8eda77ba44d84a569fab136bf56d86e6f4934ff","share":true},{"name":"advice-on-a-merger.txt","sha256":"ea9e6b1fa81e3111096742ee67340ab60794604963c356309e44e47721284e02","share":true}]}');
INSERT INTO public.event_detail VALUES (16, '3471ec099548f33d106cdb77e7450eed', '{"outright":true,"content":"sha256:92d57b9dec4f2183b9c65e9a2007619d4cdb819288fbb13d9fe2aed4948aeea3","rights":["create","share","approve"],"shared":["advice-on-a-merger.pdf","advice-on-a-merger.txt"],"not_shared":[]}');
INSERT INTO public.event_detail VALUES (17, '21e3ca6e51415a286c1f744fc6cf5297', '{"content":"sha256:92d57b9dec4f2183b9c65e9a2007619d4cdb819288fbb13d9fe2aed4948aeea3","attachments":["advice-on-a-merger.pdf","advice-on-a-merger.txt"]}');
INSERT INTO public.event_detail VALUES (18, '12b4f03292305dcdf3e30c6443373b0b', '{"content":"sha256:459de039ba261519222b1f061ddd21a85f21b6d1b25f0c0a6298bf4c951d2ce0","seat":"m.devries","comment":"","rights":["create","share","approve"],"outright":false,"still_needed":0}');
INSERT INTO public.event_detail VALUES (19, 'ec057094a41ca4bbe5f56199eadc7991', '{"content":"sha256:75026bed944830a306aa945d363d836657c8e48e139482c645636bdb87bcb130","seat":"k.smit","comment":"September is missing","rights":["create","approve"]}');
INSERT INTO public.event_detail VALUES (20, 'cf073c7ec35ddcbd215eef7dcf8d8d67', '{"reason":"wrong year","was_public":true,"rights":["create","share","approve"]}');
INSERT INTO public.event_detail VALUES (21, '58ebb529fcccc4b35fcf6aa0e9359290', '{"hold":"D-2026-000003","reason":"complaint"}');
INSERT INTO public.event_detail VALUES (22, '9d6143d2f399f50b59f27371fb72a190', '{"content":"sha256:459de039ba261519222b1f061ddd21a85f21b6d1b25f0c0a6298bf4c951d2ce0","attachments":["engagement-letter-2026.pdf","engagement-letter-2026.txt"]}');
INSERT INTO public.event_detail VALUES (23, '77b3e575c24433c78ec4d29396708bf0', '{}');
INSERT INTO public.event_detail VALUES (24, '8d291ca2c6bdbbad25a0ded19ddf3281', '{"kind":"returned","to":"p.bakker","email":"p.bakker@office.example","message_id":"<D-2026-000005.returned.c56c1bb2e2362fc3@office.example>","answer":"250 taken"}');
INSERT INTO public.event_detail VALUES (25, '82a660198c38f7d3c03307b01d0e533d', '{"kind":"ready","to":"j.jansen","email":"j.jansen@acme.example","message_id":"<D-2026-000004.ready.bb34c44640de1b98@office.example>","answer":"250 taken"}');
INSERT INTO public.event_detail VALUES (26, 'd1d095a806e0461d28df942157abb64e', '{"changed":{"approvers":{"from":[],"to":["m.devries"]}},"replaced":[{"name":"advice-on-a-merger.txt","sha256":"6fcabf9fc74c67605d8603bfcc01efc9f78a06fe4024cc36de26b18268f94efa","share":true}],"shared":["advice-on-a-merger.pdf","advice-on-a-merger.txt"],"not_shared":[],"rights":["create"]}');
INSERT INTO public.event_detail VALUES (27, 'cf3bfc2945f1887b1933da76306e344b', '{"approvers":["m.devries"],"approvals":"all","content":"sha256:11e37addb6727bfca393b275e46331ba8317320eedd662a7dba31c9a7067daba","shared":["advice-on-a-merger.pdf","advice-on-a-merger.txt"],"not_shared":[],"rights":["create"]}');
INSERT INTO public.event_detail VALUES (28, '9eca955392c927039861c5614a18bfb7', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (29, '8fdad709534dc92f3c6269688206b348', '{"source":"wrong","reasons":["wrong.yaml:1: `description` has 1 characters; give at least 8, so that the client can tell what it is","wrong.yaml:1: this file is `root`''s, who is nobody in config/staff.yaml (os_user); or say who made it with `created_by`"]}');
INSERT INTO public.event_detail VALUES (30, '6fff07486a10e4526345001fd096421e', '{"seat":"m.devries","to":["j.admin"],"reason":"m.devries made this item or changed it last, and who made it may not approve it (four eyes)"}');
INSERT INTO public.event_detail VALUES (31, '8f55a48d0061e392deeb1d870cd393ee', '{"contact":"j.jansen","email":"j.jansen@acme.example"}');
INSERT INTO public.event_detail VALUES (32, '888646025028982ee274cbe577ad9da4', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (33, 'e2ef943aa5db5641f682aeae02ac3668', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (34, '7f684585d6a02de5cabfdb375f0ddb60', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (35, '87d71074ebea224290b782c726bdbcb7', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (36, '298ceaed6055cd28c6db97a1b5638d02', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (37, '8953d730c12477a8d941de6a0557f15b', '{"how":"show"}');
INSERT INTO public.event_detail VALUES (38, 'f8187076bfa5e8ac52acd4ba04a672d8', '{"how":"show"}');
INSERT INTO public.hold VALUES ('item', 'D-2026-000003', 'complaint', 'j.admin', '2026-11-25T02:55:17.978360Z');
INSERT INTO public.item VALUES (20260000001, 'acme-bv', 'Annual accounts 2025', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'published', '[]', 'all', true, 'j.jansen', 'm.devries', '2026-11-25T02:55:06.313514Z', '2026-11-25T02:55:06.327834Z', '2026-11-25T02:55:06.408885Z', 2, NULL, 202600000010001, 202600000010001, false);
INSERT INTO public.item VALUES (20260000002, 'acme-bv', 'Tax return 2025', 'new', NULL, NULL, '["Belasting","2025"]', NULL, '{}', true, false, 'concept', '["k.smit"]', 'all', false, NULL, 'p.bakker', '2026-11-25T02:55:07.871242Z', NULL, NULL, 1, 202600000020001, NULL, NULL, false);
INSERT INTO public.item VALUES (20260000003, 'acme-bv', 'Note for the file', 'new', NULL, '2025/Notes', '[]', 'café, only ours', '{}', false, false, 'private', '[]', 'all', false, NULL, 'p.bakker', '2026-11-25T02:55:09.113117Z', NULL, NULL, 1, NULL, NULL, NULL, false);
INSERT INTO public.item VALUES (20260000004, 'acme-bv', 'Engagement letter 2026', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'published', '["m.devries"]', 'all', false, 'j.jansen', 'p.bakker', '2026-11-25T02:55:10.455025Z', '2026-11-25T02:55:18.923237Z', '2026-11-25T02:55:19.618541Z', 2, NULL, 202600000040001, 202600000040001, false);
INSERT INTO public.item VALUES (20260000005, 'acme-bv', 'Payroll October 2026', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'returned', '["m.devries","k.smit"]', 'all', false, NULL, 'p.bakker', '2026-11-25T02:55:11.594156Z', NULL, NULL, 2, NULL, NULL, NULL, false);
INSERT INTO public.item VALUES (20260000006, 'acme-bv', 'Letter to the wrong year', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'withdrawn', '[]', 'all', false, NULL, 'm.devries', '2026-11-25T02:55:12.581084Z', '2026-11-25T02:55:12.610535Z', NULL, 2, NULL, NULL, NULL, false);
INSERT INTO public.item VALUES (20260000007, 'acme-bv', 'Advice on a merger', 'new', NULL, NULL, '[]', NULL, '{}', true, false, 'concept', '["m.devries"]', 'all', false, NULL, 'm.devries', '2026-11-25T02:55:14.238030Z', '2026-11-25T02:55:14.261736Z', NULL, 2, 202600000070002, 202600000070001, 202600000070001, false);
INSERT INTO public.item_text VALUES (20260000001, '''2025'':3A,6C,10C ''accounts'':2A,5C,9C ''annual'':1A,4C,8C ''pdf'':7C ''txt'':11C');
INSERT INTO public.item_text VALUES (20260000002, '''2025'':3A,5B,8C,12C ''belasting'':4B ''pdf'':9C ''return'':2A,7C,11C ''tax'':1A,6C,10C ''txt'':13C');
INSERT INTO public.item_text VALUES (20260000003, '''cafe'':5 ''file'':4A,11C,16C ''for'':2A,9C,14C ''note'':1A,8C,13C ''only'':6 ''ours'':7 ''pdf'':12C ''the'':3A,10C,15C ''txt'':17C');
INSERT INTO public.item_text VALUES (20260000004, '''2026'':3A,6C,10C ''engagement'':1A,4C,8C ''letter'':2A,5C,9C ''pdf'':7C ''txt'':11C');
INSERT INTO public.item_text VALUES (20260000005, '''2026'':3A,6C,10C ''october'':2A,5C,9C ''payroll'':1A,4C,8C ''pdf'':7C ''txt'':11C');
INSERT INTO public.item_text VALUES (20260000006, '''letter'':1A,6C,12C ''pdf'':11C ''the'':3A,8C,14C ''to'':2A,7C,13C ''txt'':17C ''wrong'':4A,9C,15C ''year'':5A,10C,16C');
INSERT INTO public.item_text VALUES (20260000007, '''a'':3A,7C,12C ''advice'':1A,5C,10C ''merger'':4A,8C,13C ''on'':2A,6C,11C ''pdf'':9C ''txt'':14C');
INSERT INTO public.label VALUES (20260000002, '2025');
INSERT INTO public.label VALUES (20260000002, 'belasting');
INSERT INTO public.mail VALUES (1, '<D-2026-000001.ready.8d5ddb2ccd3e7e4e@office.example>', 'ready', 20260000001, 'acme-bv', 'j.jansen', 'Jan Jansen', 'j.jansen@acme.example', 'nl', '{}', 'sent', 1, '2026-11-25T02:55:06.327834Z', '2026-11-25T02:55:06.327834Z', '2026-11-25T02:55:06.408885Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (2, '<D-2026-000005.returned.c56c1bb2e2362fc3@office.example>', 'returned', 20260000005, 'acme-bv', 'p.bakker', 'Petra Bakker', 'p.bakker@office.example', 'nl', '{"description":"Payroll October 2026","approver":"Karel Smit","comment":"September is missing"}', 'sent', 1, '2026-11-25T02:55:16.312567Z', '2026-11-25T02:55:16.312567Z', '2026-11-25T02:55:19.595089Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (3, '<D-2026-000004.ready.bb34c44640de1b98@office.example>', 'ready', 20260000004, 'acme-bv', 'j.jansen', 'Jan Jansen', 'j.jansen@acme.example', 'nl', '{}', 'sent', 1, '2026-11-25T02:55:18.923237Z', '2026-11-25T02:55:18.923237Z', '2026-11-25T02:55:19.618541Z', NULL, 0, NULL);
INSERT INTO public.mail VALUES (4, '<D-2026-000001.ready.503bf817bd314b41@office.example>', 'ready', 20260000001, 'acme-bv', 'j.jansen', 'Jan Jansen', 'j.jansen@acme.example', 'nl', '{}', 'waiting', 0, '2026-11-25T02:55:24.890026Z', '2026-11-25T02:55:24.890026Z', NULL, NULL, 0, NULL);
INSERT INTO public.note VALUES ('inbox-had-clients', 'yes');
INSERT INTO public.page VALUES ('acme-bv', '66972634e50fe96a0f68b6faf53f48d6', '{"_pages/style.css":"37ce1f2d50046b18c6eddfe0595170eab04a08f9da1d99254291f271ac61e0ce","_pages/search.js":"5d00d40e427a91654f5e83235fc381d71e4524df573028e8fb3c688bdb845689","items.json":"8cc3956287c3324c45b989cf91200c132cab76dc8148420c7782c5ef93f39c63","index.html":"ec1b4fd5e595a1be9513cf491cb0dc03fb9e3b95bf1a697d17c00e5f72ce27d9","feed.xml":"cec7ebc7e5af4de3a28fba9c1a4b9f6ffc94f38ecd843ba7470c562f409f4c58"}');
INSERT INTO public.page_file VALUES ('D-2026-000001-dda8943c53b6f8b5edf069b6.zip', 'acme-bv', 20260000001, 'dda8943c53b6f8b5edf069b6985ff6e2a2c645bb5cab61d55cdb1496ddd4d3f4', 'c3c85a07bb62523f575698ff6dd22366d607346797a172a208a027012ba0359d', 439);
INSERT INTO public.page_file VALUES ('D-2026-000004-24fcdca07427ae5f5dfe73cc.zip', 'acme-bv', 20260000004, '24fcdca07427ae5f5dfe73cce34ca2cad6bf389057745fd649f146f515f7a5c9', '855d3ca51eed266d7f63d2c71ce2b5977cbf112698cde700e9a0e42b0ba48269', 451);
INSERT INTO public.page_file VALUES ('D-2026-000007-870ade3315c04e2781b9612c.zip', 'acme-bv', 20260000007, '870ade3315c04e2781b9612cfd28c723325fb46f762042f3e9529673543b14ff', '23d09b33735df97a03443d93ee3c8cb345e96c9d0c0d0d7266b8a16a2ac0edf3', 427);
INSERT INTO public.schema_migration VALUES (1, '0001_first', '2026-11-25 02:55:30.40048');
INSERT INTO public.schema_migration VALUES (2, '0002_approval', '2026-11-25 02:55:30.408766');
INSERT INTO public.schema_migration VALUES (3, '0004_trail', '2026-11-25 02:55:30.413195');
INSERT INTO public.schema_migration VALUES (4, '0005_search', '2026-11-25 02:55:30.414279');
INSERT INTO public.schema_migration VALUES (5, '0006_access', '2026-11-25 02:55:30.422967');
INSERT INTO public.schema_migration VALUES (6, '0007_opening', '2026-11-25 02:55:30.428399');
INSERT INTO public.schema_migration VALUES (7, '0008_pages', '2026-11-25 02:55:30.436446');
INSERT INTO public.schema_migration VALUES (8, '0010_outbox', '2026-11-25 02:55:30.440028');
INSERT INTO public.schema_migration VALUES (9, '0020_retention', '2026-11-25 02:55:30.446154');
INSERT INTO public.viewed VALUES ('j.admin', 'client', 'acme-bv', '2026-11-25T02:55:28.458435Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000001', '2026-11-25T02:55:28.458435Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000002', '2026-11-25T02:55:27.967178Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000003', '2026-11-25T02:55:27.342555Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000004', '2026-11-25T02:55:26.961647Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000005', '2026-11-25T02:55:26.549518Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000006', '2026-11-25T02:55:26.161209Z');
INSERT INTO public.viewed VALUES ('j.admin', 'item', 'D-2026-000007', '2026-11-25T02:55:25.821588Z');
INSERT INTO public.viewed VALUES ('k.smit', 'client', 'acme-bv', '2026-11-25T02:55:21.713156Z');
INSERT INTO public.viewed VALUES ('k.smit', 'item', 'D-2026-000002', '2026-11-25T02:55:21.713156Z');
SELECT pg_catalog.setval('public.attachment_id_seq', 16, false);
SELECT pg_catalog.setval('public.drop_id_seq', 9, false);
SELECT pg_catalog.setval('public.login_request_id_seq', 1, false);
SELECT pg_catalog.setval('public.mail_id_seq', 5, false);
SELECT pg_catalog.setval('public.schema_migration_id_seq', 9, true);
ALTER TABLE ONLY public.asked
    ADD CONSTRAINT asked_pkey PRIMARY KEY (edition, person);
ALTER TABLE ONLY public.attachment
    ADD CONSTRAINT attachment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.counter
    ADD CONSTRAINT counter_pkey PRIMARY KEY (year);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT decision_pkey PRIMARY KEY (edition, approver);
ALTER TABLE ONLY public.drop
    ADD CONSTRAINT drop_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.edition_note
    ADD CONSTRAINT edition_note_pkey PRIMARY KEY (edition, line);
ALTER TABLE ONLY public.edition
    ADD CONSTRAINT edition_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.event_detail
    ADD CONSTRAINT event_detail_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (seq);
ALTER TABLE ONLY public.hold
    ADD CONSTRAINT hold_pkey PRIMARY KEY (kind, subject);
ALTER TABLE ONLY public.item
    ADD CONSTRAINT item_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.item_text
    ADD CONSTRAINT item_text_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.label
    ADD CONSTRAINT label_pkey PRIMARY KEY (item, folded);
ALTER TABLE ONLY public.leaving
    ADD CONSTRAINT leaving_pkey PRIMARY KEY (sha256);
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
ALTER TABLE ONLY public.removal
    ADD CONSTRAINT removal_pkey PRIMARY KEY (item);
ALTER TABLE ONLY public.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.viewed
    ADD CONSTRAINT viewed_pkey PRIMARY KEY (actor, kind, subject);
CREATE INDEX asked_open ON public.asked USING btree (person, edition) WHERE is_open;
CREATE INDEX asked_unescalated ON public.asked USING btree (at) WHERE (is_open AND (escalated_at IS NULL));
CREATE INDEX asked_unreminded ON public.asked USING btree (at) WHERE (is_open AND (reminded_at IS NULL));
CREATE INDEX attachment_item ON public.attachment USING btree (item);
CREATE INDEX attachment_sha256 ON public.attachment USING btree (sha256);
CREATE INDEX drop_fingerprint ON public.drop USING btree (fingerprint);
CREATE INDEX drop_uncleared ON public.drop USING btree (id) WHERE (NOT cleared);
CREATE INDEX event_item ON public.event USING btree (item, seq);
CREATE INDEX event_subject ON public.event USING btree (subject, seq) WHERE (subject IS NOT NULL);
CREATE INDEX item_client ON public.item USING btree (client, id);
CREATE INDEX item_pending ON public.item USING btree (id, pending, version, client, type, approvers, approvals, created_by) WHERE (pending IS NOT NULL);
CREATE INDEX item_public ON public.item USING btree (client, id) WHERE (public IS NOT NULL);
CREATE INDEX item_state ON public.item USING btree (share_state, id);
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
CREATE INDEX opening_item ON public.opening USING btree (item);
CREATE INDEX page_file_client ON public.page_file USING btree (client);
CREATE INDEX page_file_item ON public.page_file USING btree (item);
CREATE UNIQUE INDEX schema_migration_name ON public.schema_migration USING btree (name);
CREATE INDEX viewed_at ON public.viewed USING btree (actor, at);
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
ALTER TABLE ONLY public.removal
    ADD CONSTRAINT removal_item_fkey FOREIGN KEY (item) REFERENCES public.item(id);
