//! A round's key, and what it does: authenticated encryption of one record by XChaCha20-Poly1305, with a random 24-byte
//! nonce in front, bound to the place where the record lies so that records cannot change places.

use chacha20poly1305::{
    Key, XChaCha20Poly1305, XNonce,
    aead::{Aead, KeyInit, Payload},
};
use zeroize::Zeroizing;

use super::StorageError;

/// Bytes of a key.
pub(super) const KEY_BYTES: usize = 32;

/// Bytes of a nonce.
const NONCE_BYTES: usize = 24;

/// The key of one round; erased from memory when dropped.
pub(crate) struct RoundKey(Zeroizing<[u8; KEY_BYTES]>);

impl RoundKey {
    /// A new key.
    pub(super) fn draw() -> Result<Self, StorageError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut()).map_err(StorageError::Randomness)?;
        Ok(Self(bytes))
    }

    /// The key in a key file, unless the file was cut short by a crash (it is synced before its first use).
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// What its file holds.
    pub(super) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// Seals `secret` for `place`.
    pub(crate) fn seal(&self, place: &[u8], secret: &[u8]) -> Result<Vec<u8>, StorageError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(StorageError::Randomness)?;
        let body = self
            .cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: place })
            .map_err(|_| StorageError::Damaged { record: "secret", why: "too long to seal".to_owned() })?;
        let mut sealed = Vec::with_capacity(NONCE_BYTES + body.len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what [`RoundKey::seal`] made; `None` if it was made with another key, for another place, or altered.
    pub(crate) fn open(&self, place: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>()?;
        self.cipher().decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: place }).ok()
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_opens_only_unaltered_with_its_key_at_its_place() {
        let key = RoundKey::draw().unwrap();
        let sealed = key.seal(b"here", b"secret").unwrap();
        assert_eq!(key.open(b"here", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(key.open(b"there", &sealed), None);
        assert_eq!(RoundKey::draw().unwrap().open(b"here", &sealed), None);
        for position in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[position] ^= 1;
            assert_eq!(key.open(b"here", &altered), None, "byte {position}");
        }
        assert_eq!(key.open(b"here", b"short"), None);
    }
}
