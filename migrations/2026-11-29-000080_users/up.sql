-- People who log in. An e-mail address is one person's within the organization, whatever its case.
CREATE TABLE app_user (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  password_hash text NOT NULL, -- argon2id with its parameters and salt (PHC string)
  password_change_required boolean NOT NULL, -- a one-time password: opens nothing but the way to an own one
  active boolean NOT NULL DEFAULT true,
  version bigint NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CONSTRAINT app_user_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT app_user_id UNIQUE (id),
  CONSTRAINT app_user_organization FOREIGN KEY (organization_id) REFERENCES organization,
  CONSTRAINT app_user_role CHECK (role IN ('admin', 'sales', 'warehouse', 'finance', 'viewer'))
);
CREATE UNIQUE INDEX app_user_email ON app_user (organization_id, lower(email));
CREATE INDEX app_user_by_email ON app_user (lower(email));

-- One login, with the chain of refresh tokens that follows from it.
CREATE TABLE user_session (
  organization_id uuid NOT NULL,
  id uuid NOT NULL,
  user_id uuid NOT NULL,
  seed bytea NOT NULL, -- makes the next refresh token out of the one before, which is stored nowhere
  address text NOT NULL,
  user_agent text,
  created_at timestamptz NOT NULL,
  used_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  end_reason text,
  CONSTRAINT user_session_pkey PRIMARY KEY (organization_id, id),
  CONSTRAINT user_session_id UNIQUE (id),
  CONSTRAINT user_session_user FOREIGN KEY (organization_id, user_id) REFERENCES app_user,
  CONSTRAINT user_session_end CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
  CONSTRAINT user_session_end_reason CHECK (end_reason IN ('logout', 'token_reused', 'password_changed', 'role_changed', 'user_disabled'))
);
CREATE INDEX user_session_open ON user_session (organization_id, user_id) WHERE ended_at IS NULL;
CREATE INDEX user_session_ended ON user_session (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX user_session_by_expiry ON user_session (expires_at);

-- All tokens of a session, used ones too: a used one that comes back tells that somebody else has it.
CREATE TABLE refresh_token (
  hash bytea NOT NULL, -- SHA-256 of what has 32 random bytes
  session_id uuid NOT NULL,
  issued_at timestamptz NOT NULL,
  used_at timestamptz,
  CONSTRAINT refresh_token_pkey PRIMARY KEY (hash),
  CONSTRAINT refresh_token_session FOREIGN KEY (session_id) REFERENCES user_session (id) ON DELETE CASCADE
);
CREATE INDEX refresh_token_by_session ON refresh_token (session_id);

-- Tries to log in, by the hash of an account, of an address, and of both together. Unknown accounts are counted like known ones.
CREATE TABLE login_attempt (
  key bytea NOT NULL,
  failures integer NOT NULL,
  last_at timestamptz NOT NULL,
  blocked_until timestamptz,
  CONSTRAINT login_attempt_pkey PRIMARY KEY (key)
);
CREATE INDEX login_attempt_by_age ON login_attempt (last_at);
