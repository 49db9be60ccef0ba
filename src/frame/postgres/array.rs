//! PostgreSQL's arrays in binary: dimensions, then items of a length and bytes (arrayfuncs.c, `array_send`).

use std::fmt;

/// Why an array is no list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ArrayError {
    /// Lists have one dimension.
    Dimensions(i32),
    /// Its bytes do not hold what its head says.
    Damaged,
}

impl fmt::Display for ArrayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArrayError::Dimensions(dimensions) => write!(f, "an array of {dimensions} dimensions"),
            ArrayError::Damaged => f.write_str("an array with bytes of another form"),
        }
    }
}

/// The items of an array; an empty one has no dimension. `None` is a null, and an error is the last item there is.
pub(super) fn items(bytes: &[u8]) -> Result<Items<'_>, ArrayError> {
    let mut rest = bytes;
    let dimensions = number(&mut rest).ok_or(ArrayError::Damaged)?;
    // Whether there are nulls, and the type of the items: both are known from elsewhere.
    let (_, _) = (number(&mut rest), number(&mut rest));
    match dimensions {
        0 => return Ok(Items { rest: &[], left: 0 }),
        1 => {}
        _ => return Err(ArrayError::Dimensions(dimensions)),
    }
    let (Some(left), Some(_lower_bound)) = (number(&mut rest), number(&mut rest)) else {
        return Err(ArrayError::Damaged);
    };
    Ok(Items {
        rest,
        left: left.max(0),
    })
}

/// Items still to come.
pub(super) struct Items<'a> {
    rest: &'a [u8],
    left: i32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Option<Result<&'a [u8], ArrayError>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        match number(&mut self.rest) {
            Some(-1) => Some(None),
            Some(length) => match usize::try_from(length)
                .ok()
                .and_then(|length| self.rest.split_at_checked(length))
            {
                Some((item, rest)) => {
                    self.rest = rest;
                    Some(Some(Ok(item)))
                }
                None => self.damaged(),
            },
            None => self.damaged(),
        }
    }
}

impl<'a> Items<'a> {
    fn damaged(&mut self) -> Option<Option<Result<&'a [u8], ArrayError>>> {
        self.left = 0;
        Some(Some(Err(ArrayError::Damaged)))
    }
}

fn number(bytes: &mut &[u8]) -> Option<i32> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(i32::from_be_bytes(*head))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn array(head: &[i32], items: &[Option<&[u8]>]) -> Vec<u8> {
        let mut bytes: Vec<u8> = head.iter().flat_map(|word| word.to_be_bytes()).collect();
        for item in items {
            let length = item.map_or(-1, |item| i32::try_from(item.len()).unwrap());
            bytes.extend(length.to_be_bytes());
            bytes.extend(item.unwrap_or_default());
        }
        bytes
    }

    #[test]
    fn items_come_in_order_with_nulls() {
        let bytes = array(&[1, 1, 23, 3, 1], &[Some(b"ab"), None, Some(b"")]);
        let items: Vec<_> = items(&bytes).unwrap().collect();
        assert_eq!(items, [Some(Ok(&b"ab"[..])), None, Some(Ok(&b""[..]))]);
    }

    #[test]
    fn an_array_without_dimension_is_empty_and_one_of_two_is_none() {
        assert_eq!(items(&array(&[0, 0, 23], &[])).unwrap().count(), 0);
        let two = array(&[2, 0, 23, 1, 1, 1, 1], &[Some(b"a")]);
        assert_eq!(items(&two).err(), Some(ArrayError::Dimensions(2)));
    }

    #[test]
    fn what_its_head_promises_and_does_not_come_is_one_error() {
        let bytes = array(&[1, 0, 23, i32::MAX, 1], &[Some(b"a")]);
        let items: Vec<_> = items(&bytes).unwrap().collect();
        assert_eq!(items, [Some(Ok(&b"a"[..])), Some(Err(ArrayError::Damaged))]);
        assert!(super::items(&bytes[..10]).is_err());
    }
}
