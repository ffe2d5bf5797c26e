using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Orchestrator.ServiceDefaults.Security;

/// <summary>Registers authentication: the scheme <c>ApiKey</c>, and the policy for every endpoint that does not allow anonymous calls.</summary>
internal static class AuthenticationHosting
{
    /// <summary>
    /// Adds the scheme, and with keys configured a fallback policy that accepts a caller of any registered scheme.
    /// </summary>
    public static void AddApiKeys(this IServiceCollection services)
    {
        services.AddSingleton<ApiKeyCheck>();
        services.AddAuthentication(ApiKeyHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyHandler>(ApiKeyHandler.SchemeName, null);
        RemoveKeyRing(services);
        services.AddAuthorization();
        services.AddOptions<AuthorizationOptions>().Configure<SecurityOptions, IOptions<AuthenticationOptions>>(
            (authorization, security, authentication) =>
            {
                if (security.HasKeys)
                {
                    authorization.FallbackPolicy = new AuthorizationPolicyBuilder([.. authentication.Value.Schemes.Select(scheme => scheme.Name)])
                        .RequireAuthenticatedUser()
                        .Build();
                }
            });
    }

    // No cookies, so nothing is encrypted for a later call and no keys need to be written into the user's home at start.
    private static void RemoveKeyRing(IServiceCollection services)
    {
        foreach (var service in services.Where(service => service.ServiceType == typeof(IHostedService)
            && service.ImplementationType?.Assembly == typeof(DataProtectionOptions).Assembly).ToList())
        {
            services.Remove(service);
        }
    }
}
