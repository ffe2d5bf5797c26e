namespace Orchestrator.Guest.Connect;

/// <summary>Ends a call with an error of the Connect protocol.</summary>
/// <param name="code">What kind it is.</param>
/// <param name="message">What is wrong, for display.</param>
internal sealed class ConnectError(ConnectCode code, string message) : Exception(message)
{
    public ConnectCode Code => code;

    public static ConnectError NotFound(string message) => new(ConnectCode.NotFound, message);

    public static ConnectError Invalid(string message) => new(ConnectCode.InvalidArgument, message);
}
