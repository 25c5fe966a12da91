-- What was said about requests, and where, is never changed.
CREATE OR REPLACE TRIGGER seats_talk_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seats_supporttalk
    FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only();

CREATE OR REPLACE TRIGGER seats_word_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seats_requestword
    FOR EACH STATEMENT EXECUTE FUNCTION salotto_append_only();
