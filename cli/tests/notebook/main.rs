//! Notebooks run and checked through the `carnet` program.
