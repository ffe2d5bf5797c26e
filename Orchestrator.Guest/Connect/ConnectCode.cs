namespace Orchestrator.Guest.Connect;

/// <summary>The error codes of the Connect protocol (docs/contract/e2b.md, 3.2).</summary>
internal enum ConnectCode
{
    Canceled,
    Unknown,
    InvalidArgument,
    DeadlineExceeded,
    NotFound,
    AlreadyExists,
    PermissionDenied,
    ResourceExhausted,
    FailedPrecondition,
    Aborted,
    OutOfRange,
    Unimplemented,
    Internal,
    Unavailable,
    DataLoss,
    Unauthenticated,
}

/// <summary>The codes' names and HTTP statuses.</summary>
internal static class ConnectCodes
{
    private static readonly string[] Names =
    [
        "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied",
        "resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable",
        "data_loss", "unauthenticated",
    ];

    private static readonly int[] Statuses = [499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401];

    public static string NameOf(ConnectCode code) => Names[(int)code];

    public static int StatusOf(ConnectCode code) => Statuses[(int)code];

    /// <summary>The code of a name, as the agent refuses operations; <see cref="ConnectCode.Internal"/> when there is none.</summary>
    public static ConnectCode Of(string? name) =>
        Array.IndexOf(Names, name) is var index and >= 0 ? (ConnectCode)index : ConnectCode.Internal;
}
