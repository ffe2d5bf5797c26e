using Microsoft.AspNetCore.Http;

namespace Orchestrator.ServiceDefaults.Http;

/// <summary>Verbs that an endpoint takes besides its own.</summary>
public static class Verbs
{
    /// <summary>
    /// For what balancers look at, since many of them probe with HEAD: the same handler as GET's, whose body the server
    /// leaves out by itself. Only for what changes nothing. It is mapped where GET is, as handlers that are passed on as
    /// delegates are compiled at the first call, which takes a quarter of a process's start.
    /// </summary>
    public static string[] Head { get; } = [HttpMethods.Head];
}
