//! What can go wrong with durable state, sorted by who can act.

/// Why the store did not do what it was asked to. After an error nothing of the refused change is stored, except that a
/// disk which fails while it syncs may or may not keep it: load the run again to know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The run is not at the version that the commit replaces, or another run of its workflow id is open. For the
    /// engine: load again and decide anew.
    #[error("run {run} has changed since it was loaded; load it again and decide anew")]
    Conflict {
        /// The run, as namespace id, workflow id and run id.
        run: String,
    },

    /// The name is taken.
    #[error("{what} already exists; choose another name or update it")]
    AlreadyExists {
        /// What was to be created.
        what: String,
    },

    /// What the call builds on is not there.
    #[error("{what} is not found; it was never created, or has been deleted")]
    NotFound {
        /// What was looked for.
        what: String,
    },

    /// The caller's list filter cannot be understood.
    #[error("invalid query: {0}")]
    InvalidQuery(String),

    /// The page token was not given out for this query.
    #[error("the page token does not belong to this query; start again at the first page, without a token")]
    InvalidPageToken,

    /// Another process has the database.
    #[error("the database {database} is in use by another wrt server; stop that one or choose another file")]
    InUse {
        /// The file.
        database: String,
    },

    /// The disk is full. The store works again as soon as there is space.
    #[error("the disk of the database {database} is full ({cause}); free some space and try again")]
    Full {
        /// The file.
        database: String,
        /// What the database said.
        cause: String,
    },

    /// The file is damaged, or is no database.
    #[error(
        "the database {database} is damaged or is no wrt database ({cause}); restore it from a backup, or save what is \
         readable with `sqlite3 {database} .recover`"
    )]
    Corrupt {
        /// The file.
        database: String,
        /// What the database said.
        cause: String,
    },

    /// Somebody has deleted, moved, replaced or cut the files of the open database.
    #[error(
        "the database {database} is not what this server has written: {cause}. Nothing more is read or stored, since it \
         would be lost; stop the server, put the files back or restore a backup, and start it again"
    )]
    Lost {
        /// The file.
        database: String,
        /// What was noticed.
        cause: String,
    },

    /// The file or its folder cannot be written.
    #[error("the database {database} cannot be written ({cause}); check that its folder exists and is writable")]
    NotWritable {
        /// The file.
        database: String,
        /// What the operating system said.
        cause: String,
    },

    /// The file was written by a newer version of wrt.
    #[error(
        "the database {database} has schema version {version}, which this wrt does not know; start the newer wrt that \
         wrote it"
    )]
    NewerSchema {
        /// The file.
        database: String,
        /// The first unknown version.
        version: i64,
    },

    /// The disk failed.
    #[error("{action} in the database {database}: the disk failed ({cause}); check the disk and the system's log")]
    Io {
        /// The file.
        database: String,
        /// What the store was doing.
        action: &'static str,
        /// What the database said.
        cause: String,
    },

    /// The database refused in a way that nothing above describes.
    #[error("{action} in the database {database}: {cause}")]
    Refused {
        /// The file.
        database: String,
        /// What the store was doing.
        action: &'static str,
        /// What the database said.
        cause: String,
    },

    /// A stored value does not decode: it was damaged, or written by a newer version of wrt.
    #[error("read {what}: {cause}; restore the database from a backup, or start the newer wrt that wrote it")]
    Unreadable {
        /// What was being read.
        what: String,
        /// What the decoder said.
        cause: String,
    },

    /// The store has been closed.
    #[error("the store is closed; the server is shutting down")]
    Closed,
}
